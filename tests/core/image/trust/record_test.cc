// Trust records, downgrades, what to fetch, and the small readers below.
#include "core/image/hasher.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/downgrade.h"
#include "core/image/trust/log_entry.h"
#include "core/image/trust/rfc3339.h"
#include "tests/core/image/trust/sigstore_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(TrustRecordJson){};

TEST(TrustRecordJson, comes_back_as_it_was) {
  TrustRecord record{
      .reference = "ghcr.io/x/y:1", .digest = "sha256:a", .platform = "sha256:b", .policy = "p", .scope = "s"};
  record.proofs.push_back({.requirement = "digest-pin", .digest = "sha256:a"});
  record.proofs.push_back({.requirement = "sigstore-keyless",
                           .format = "bundle-dsse",
                           .digest = "sha256:a",
                           .key = "k",
                           .key_id = "id",
                           .issuer = "i",
                           .subject = "s",
                           .log_id = "l",
                           .log_index = 7,
                           .log_time = signing_time});
  record.verified_at = signing_time + 5;
  record.age = {"1.0", signing_time - 9, signing_time};
  auto again = parse_trust_record(write_trust_record(record));
  if (!again) FAIL(again.error().text.c_str());
  CHECK(*again == record);
  CHECK_FALSE(parse_trust_record("{}").has_value());
  CHECK_FALSE(parse_trust_record(R"({"reference":"a","digest":"b","verifiedAt":"yesterday"})").has_value());
}

TEST_GROUP(Downgrade) {
  TrustRecord known{.reference = "ghcr.io/x/y:latest", .digest = "sha256:old", .age = {"1.0.10", 100, 200}};
};

TEST(Downgrade, version_then_creation_then_signature) {
  CHECK(compare_age({"1.0.9", 900, 900}, {"1.0.10", 1, 1}) == Movement::newer);
  CHECK(compare_age({"1.0.10", 1, 1}, {"1.0.9", 900, 900}) == Movement::older);
  CHECK(compare_age({"1", 5, 1}, {"1", 4, 9}) == Movement::older);
  CHECK(compare_age({"1", 5, 9}, {"1", 5, 8}) == Movement::older);
  CHECK(compare_age({"", 5, {}}, {"2", 6, {}}) == Movement::newer);
  CHECK(compare_age({}, {}) == Movement::unknown);
  CHECK(compare_age({"1", 5, 9}, {}) == Movement::unknown);
}

TEST(Downgrade, versions) {
  const auto sign = [](int value) { return (value > 0) - (value < 0); };
  const auto compares = [&](const char* a, const char* b, int expected) {
    LONGS_EQUAL_TEXT(expected, sign(compare_versions(a, b)), (std::string(a) + " " + b).c_str());
    LONGS_EQUAL_TEXT(-expected, sign(compare_versions(b, a)), (std::string(b) + " " + a).c_str());
  };
  compares("1.0.9", "1.0.10", -1);
  compares("v1.2", "1.2", 0);
  compares("1.0-rc1", "1.0", -1);
  compares("1.0-rc1", "1.0-rc2", -1);
  compares("1.0", "1.0.1", -1);
  compares("1.0+build1", "1.0+build2", 0);
  compares("18446744073709551617", "18446744073709551616", 1);
  compares("1.0.19", "1.1", -1);
  compares("007", "7", 0);
}

TEST(Downgrade, is_refused_unless_allowed) {
  const ImageAge older{"1.0.9", 90, 150};
  auto refused = check_downgrade(known, "sha256:new", older, false);
  CHECK_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::denied);
  CHECK(refused.error().text.find("--allow-downgrade") != std::string::npos);
  CHECK(check_downgrade(known, "sha256:new", older, true) == Movement::older);
  CHECK(check_downgrade(known, "sha256:old", older, false) == Movement::same);
  CHECK(check_downgrade(known, "sha256:new", {"1.1", 90, 150}, false) == Movement::newer);
}

TEST_GROUP(Collector) { const Digest digest = digest_for("image"); };

TEST(Collector, names) {
  STRCMP_EQUAL(("sha256-" + digest.hex + ".sig").c_str(), signature_tag(digest).c_str());
  STRCMP_EQUAL(("sha256-" + digest.hex).c_str(), referrers_tag(digest).c_str());
  const Digest long_one = *digest_of("image", "sha512");
  STRCMP_EQUAL(("sha512-" + long_one.hex.substr(0, 64)).c_str(), referrers_tag(long_one).c_str());
}

TEST(Collector, at_most_64_referrers_with_bundles_first) {
  Json index{{"manifests", Json::array()}};
  for (int i = 0; i < 100; ++i) {
    Json entry{{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
               {"size", 7},
               {"digest", digest_for(std::to_string(i)).to_string()},
               {"artifactType", "application/vnd.oci.empty.v1+json"}};
    if (i == 99) entry["artifactType"] = "application/vnd.dev.sigstore.bundle.v0.3+json";
    index["manifests"].push_back(entry);
  }
  const auto entries = referrers_to_fetch(index.dump());
  LONGS_EQUAL(64, entries->size());
  CHECK(entries->at(0).digest == digest_for("99"));
  CHECK(entries->at(1).digest == digest_for("0"));
  CHECK_FALSE(referrers_to_fetch("{\"manifests\":[{}]}").has_value());
  CHECK_FALSE(referrers_to_fetch("x").has_value());
}

TEST(Collector, the_bundle_of_a_referrer) {
  Json manifest{{"subject", {{"mediaType", "m"}, {"size", 1}, {"digest", digest.to_string()}}},
                {"layers",
                 {{{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
                   {"size", 3000},
                   {"digest", digest_for("bundle").to_string()}}}}};
  const auto blob = bundle_blob(manifest.dump(), digest);
  if (!blob) FAIL(blob.error().text.c_str());
  CHECK((*blob)->digest == digest_for("bundle"));
  CHECK(bundle_blob(manifest.dump(), digest_for("other")).error().code == Errc::integrity);
  Json other = manifest;
  other["layers"][0]["mediaType"] = "application/spdx+json";
  CHECK_FALSE(bundle_blob(other.dump(), digest)->has_value());
  other = manifest;
  other["layers"][0]["size"] = 10 << 20;
  CHECK(bundle_blob(other.dump(), digest).error().code == Errc::limit);
  manifest.erase("subject");
  CHECK(bundle_blob(manifest.dump(), digest).error().code == Errc::integrity);
}

TEST(Collector, simple_signatures_only_of_their_type_and_size) {
  Json manifest{{"layers", Json::array()}};
  for (int i = 0; i < 120; ++i) {
    manifest["layers"].push_back({{"mediaType", i == 1 ? "text/plain" : simple_signing_type},
                                  {"size", i == 2 ? 1 << 20 : 238},
                                  {"digest", digest.to_string()},
                                  {"annotations", {{"dev.cosignproject.cosign/signature", "x"}}}});
  }
  const auto blobs = simple_signature_blobs(manifest.dump());
  LONGS_EQUAL(98, blobs->size());
  STRCMP_EQUAL("x", blobs->at(0).annotations.at("dev.cosignproject.cosign/signature").c_str());
}

TEST_GROUP(Readers){};

TEST(Readers, base64_has_one_form) {
  for (const char* text : {"", "QQ==", "QUI=", "QUJD"}) STRCMP_EQUAL(text, encode_base64(*decode_base64(text)).c_str());
  for (const char* text : {"QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "Q===", "====", "QU_D", "QQ==QQ=="}) {
    CHECK_FALSE_TEXT(decode_base64(text).has_value(), text);
  }
}

TEST(Readers, times) {
  LONGS_EQUAL(0, *parse_rfc3339("1970-01-01T00:00:00Z"));
  LONGS_EQUAL(1615087229, *parse_rfc3339("2021-03-07T03:20:29.000Z"));
  LONGS_EQUAL(1615087229, *parse_rfc3339("2021-03-07T05:20:29+02:00"));
  STRCMP_EQUAL("2021-03-07T03:20:29Z", format_rfc3339(1615087229).c_str());
  for (const char* text : {"", "2021-03-07", "2021-03-07T03:20:29", "2021-03-07T03:20:29.Z", "2021-13-07T03:20:29Z",
                           "2021-03-07T03:20:29+2:00", "2021-03-07T03:20:29Zx"}) {
    CHECK_FALSE_TEXT(parse_rfc3339(text).has_value(), text);
  }
}

// Every leaf of every tree up to a size with several shapes of ragged edge.
TEST(Readers, inclusion_proofs_of_all_small_trees) {
  for (std::uint64_t size = 1; size <= 33; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const MerkleTree tree = merkle_tree("body", size, index);
      LogEntry entry;
      entry.body = "body";
      entry.proof = InclusionProof{index, size, tree.root, tree.path, ""};
      CHECK_TEXT(verify_inclusion(entry).has_value(), fmt::format("{} of {}", index, size).c_str());
      entry.body = "bodz";
      CHECK_FALSE(verify_inclusion(entry).has_value());
    }
  }
}
