// The eight steps: a whole chain passes, and whatever is wrong is found by the step that is there for it.
#include "core/image/trust/keyless.h"

#include "core/base/file.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/bundle.h"
#include "core/image/trust/rfc3339.h"
#include "core/image/trust/signers.h"
#include "tests/core/image/trust/sigstore_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace {

// One for all tests: keys take a while to make.
const Sigstore& service() {
  static const Sigstore sigstore;
  return sigstore;
}

const Reference image = *parse_reference("ghcr.io/schedkit/scx_test:1.0");

Result<TrustProof> check(const SignatureMaterial& material, const Json& root, KeylessSigner signer = keyless_signer()) {
  return find_signature({{std::move(signer)}}, files_with(root), image, {digest_for("image")}, material);
}

Result<TrustProof> check(const Json& bundle) { return check(material_of(bundle), service().trusted_root()); }

void accepts(const Result<TrustProof>& proof) {
  if (!proof) FAIL(proof.error().text.c_str());
}

void refuses(const Result<TrustProof>& proof, const std::string& step, Errc code = Errc::integrity) {
  CHECK_FALSE(proof.has_value());
  CHECK_TEXT(proof.error().text.find(step) != std::string::npos, proof.error().text.c_str());
  CHECK_TEXT(proof.error().code == code, proof.error().text.c_str());
}

Json& entry_of(Json& bundle) { return bundle["verificationMaterial"]["tlogEntries"][0]; }

// Flips one bit in the base64 value `json`.
void flip(Json& json, std::size_t byte = 10) {
  std::string bytes = *decode_base64(json.get<std::string>());
  bytes[byte % bytes.size()] = static_cast<char>(bytes[byte % bytes.size()] ^ 4);
  json = encode_base64(bytes);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_GROUP(Keyless) {
  Json bundle = service().bundle();
  Json root = service().trusted_root();
};

TEST(Keyless, a_whole_chain_passes) {
  auto proof = check(bundle);
  accepts(proof);
  STRCMP_EQUAL("sigstore-keyless", proof->requirement.c_str());
  STRCMP_EQUAL("bundle-dsse", proof->format.c_str());
  STRCMP_EQUAL(digest_for("image").to_string().c_str(), proof->digest.c_str());
  STRCMP_EQUAL("https://token.actions.githubusercontent.com", proof->issuer.c_str());
  STRCMP_EQUAL("https://github.com/schedkit/plumbing/.github/workflows/build.yml@refs/heads/main",
               proof->subject.c_str());
  LONGS_EQUAL(1'000'004, proof->log_index);
  CHECK_EQUAL(signing_time, proof->log_time);
}

TEST(Keyless, all_kinds_of_entries_pass) {
  accepts(check(service().bundle({.kind = "intoto"})));
  accepts(check(service().bundle({.kind = "hashedrekord"})));
  accepts(check({.simple = {service().simple()}, .bundles = {}}, root));
  accepts(check(service().bundle({.tree_size = 1, .tree_index = 0})));
}

TEST(Keyless, version_0_1_needs_no_inclusion_proof_and_holds_a_chain) {
  bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1";
  entry_of(bundle).erase("inclusionProof");
  Json& material = bundle["verificationMaterial"];
  material["x509CertificateChain"]["certificates"] = Json::array({material["certificate"]});
  material.erase("certificate");
  accepts(check(bundle));
}

TEST(Keyless, step_1_the_log_is_known_and_was_valid) {
  Json other = bundle;
  flip(entry_of(other)["logId"]["keyId"]);
  refuses(check(other), "step 1");
  refuses(check(material_of(bundle), Sigstore().trusted_root()), "step 1");
  Json ended = root;
  ended["tlogs"][0]["publicKey"]["validFor"]["end"] = format_rfc3339(signing_time - 1);
  refuses(check(material_of(bundle), ended), "step 1");
  Json none = bundle;
  none["verificationMaterial"]["tlogEntries"] = Json::array();
  refuses(check(none), "step 1");
}

TEST(Keyless, step_1_no_entry_twice) {
  Json& entries = bundle["verificationMaterial"]["tlogEntries"];
  entries.push_back(entries[0]);
  refuses(check(bundle), "step 1");
}

TEST(Keyless, step_1_rekor_v2_is_unsupported_and_not_unsigned) {
  entry_of(bundle)["kindVersion"] = {{"kind", "dsse"}, {"version", "0.0.2"}};
  refuses(check(bundle), "unsupported transparency log version", Errc::unsupported);
}

TEST(Keyless, step_1_only_logs_at_the_address_that_the_policy_names) {
  KeylessSigner signer = keyless_signer();
  signer.log_url = "https://rekor.test/";
  accepts(check(material_of(bundle), root, signer));
  signer.log_url = "https://rekor.other";
  refuses(check(material_of(bundle), root, signer), "step 1");
}

TEST(Keyless, step_2_the_promise_covers_time_index_and_body) {
  Json time = bundle;
  entry_of(time)["integratedTime"] = std::to_string(signing_time + 1);
  refuses(check(time), "step 2");
  Json index = bundle;
  entry_of(index)["logIndex"] = "1000005";
  refuses(check(index), "step 2");
  Json body = bundle;
  flip(entry_of(body)["canonicalizedBody"], 30);
  refuses(check(body), "step 2");
  Json promise = bundle;
  flip(entry_of(promise)["inclusionPromise"]["signedEntryTimestamp"]);
  refuses(check(promise), "step 2");
}

TEST(Keyless, step_2_without_the_promise_there_is_no_time) {
  entry_of(bundle).erase("inclusionPromise");
  refuses(check(bundle), "step 2", Errc::unsupported);
}

TEST(Keyless, step_3_inclusion_proof) {
  Json& proof = entry_of(bundle)["inclusionProof"];
  Json changed = bundle;
  for (std::size_t i = 0; i < proof["hashes"].size(); ++i) {
    changed = bundle;
    flip(entry_of(changed)["inclusionProof"]["hashes"][i]);
    refuses(check(changed), "step 3 (inclusion proof)");
  }
  for (const auto& [key, value] : {std::pair("logIndex", "5"), {"logIndex", "7"}, {"treeSize", "4"}}) {
    changed = bundle;
    entry_of(changed)["inclusionProof"][key] = value;
    refuses(check(changed), "step 3 (inclusion proof)");
  }
  changed = bundle;
  flip(entry_of(changed)["inclusionProof"]["rootHash"]);
  refuses(check(changed), "step 3 (inclusion proof)");
  changed = bundle;
  entry_of(changed)["inclusionProof"]["hashes"].push_back(proof["hashes"][0]);
  refuses(check(changed), "step 3 (inclusion proof)");
  entry_of(bundle).erase("inclusionProof");
  refuses(check(bundle), "step 3 (inclusion proof)");
}

TEST(Keyless, step_3_checkpoint) {
  const std::string note = entry_of(bundle)["inclusionProof"]["checkpoint"]["envelope"];
  const std::string root_hash = entry_of(bundle)["inclusionProof"]["rootHash"];
  std::string other_root = root_hash;
  other_root[3] = other_root[3] == 'A' ? 'B' : 'A';
  const std::vector<std::string> notes{replaced(note, "\n7\n", "\n8\n"),
                                       replaced(note, root_hash, other_root),
                                       replaced(note, "rekor.test -", "rekor.best -"),
                                       replaced(note, "\n\n", "\n"),
                                       "",
                                       note.substr(0, note.find("\n\n") + 2)};
  for (const std::string& spoilt : notes) {
    entry_of(bundle)["inclusionProof"]["checkpoint"]["envelope"] = spoilt;
    refuses(check(bundle), "step 3 (checkpoint)");
  }
}

TEST(Keyless, step_3_a_checkpoint_of_another_tree) {
  // Signed by the log, but for a tree of another size and root.
  Json other = service().bundle({.tree_size = 9, .tree_index = 4});
  entry_of(bundle)["inclusionProof"]["checkpoint"] = entry_of(other)["inclusionProof"]["checkpoint"];
  refuses(check(bundle), "step 3 (checkpoint)");
}

TEST(Keyless, step_4_an_entry_about_something_else) {
  const Json other = service().bundle();
  const auto spec_of = [](Json bundle) {
    return Json::parse(*decode_base64(entry_of(bundle)["canonicalizedBody"].get<std::string>()))["spec"];
  };
  const Json other_spec = spec_of(other);
  const std::vector<std::function<void(Json&)>> changes{
      [](Json& body) { body["spec"]["payloadHash"]["value"] = digest_for("other").hex; },
      [](Json& body) { body["spec"]["payloadHash"]["algorithm"] = "sha512"; },
      [&](Json& body) { body["spec"]["signatures"][0]["signature"] = other_spec["signatures"][0]["signature"]; },
      [&](Json& body) { body["spec"]["signatures"][0]["verifier"] = other_spec["signatures"][0]["verifier"]; },
      [](Json& body) { body["spec"]["signatures"].push_back(body["spec"]["signatures"][0]); },
      [](Json& body) { body["spec"].erase("signatures"); },
      [](Json& body) { body["kind"] = "rekord"; },
  };
  for (const auto& change : changes) refuses(check(service().bundle({.on_body = change})), "step 4");
  // A whole valid entry, of another signature.
  entry_of(bundle) = entry_of(const_cast<Json&>(other));
  refuses(check(bundle), "step 4");
}

TEST(Keyless, step_4_the_bundle_must_name_the_kind_that_the_entry_is) {
  entry_of(bundle)["kindVersion"]["kind"] = "hashedrekord";
  refuses(check(bundle), "step 4");
}

TEST(Keyless, step_4_a_hashedrekord_does_not_log_an_envelope) {
  Json other = service().bundle({.kind = "hashedrekord"});
  entry_of(bundle) = entry_of(other);
  refuses(check(bundle), "step 4");
}

TEST(Keyless, step_4_payload_and_signature_and_certificate_are_the_logged_ones) {
  Json payload = bundle;
  flip(payload["dsseEnvelope"]["payload"]);
  refuses(check(payload), "step 4");
  Json signature = bundle;
  flip(signature["dsseEnvelope"]["signatures"][0]["sig"]);
  refuses(check(signature), "step 4");
  Json certificate = bundle;
  certificate["verificationMaterial"]["certificate"] = service().bundle()["verificationMaterial"]["certificate"];
  refuses(check(certificate), "step 4");
}

TEST(Keyless, step_5_certificate_chain) {
  const Authority other(signing_time - 1000);
  refuses(check(service().bundle({.authority = &other})), "step 5");
  refuses(check(service().bundle({.leaf = {.not_after = signing_time - 1}})), "step 5");
  refuses(check(service().bundle({.leaf = {.not_before = signing_time + 1}})), "step 5");
  refuses(check(service().bundle({.leaf = {.extended_usage = "serverAuth"}})), "step 5");
  refuses(check(service().bundle({.leaf = {.extended_usage = ""}})), "step 5");
  refuses(check(service().bundle({.leaf = {.subjects = {}}})), "step 5");
  Json ended = root;
  ended["certificateAuthorities"][0]["validFor"]["end"] = format_rfc3339(signing_time - 1);
  refuses(check(material_of(bundle), ended), "step 5");
  Json without = root;
  without["certificateAuthorities"] = Json::array();
  refuses(check(material_of(bundle), without), "step 5");
}

TEST(Keyless, step_5_an_authority_that_is_past_does_not_hide_the_present_one) {
  Json two = root;
  Json past = Sigstore().trusted_root()["certificateAuthorities"][0];
  two["certificateAuthorities"].insert(two["certificateAuthorities"].begin(), past);
  accepts(check(material_of(bundle), two));
}

TEST(Keyless, step_6_certificate_timestamp) {
  const SigningKey other;
  refuses(check(service().bundle({.leaf = {.logged = false}})), "step 6");
  refuses(check(service().bundle({.leaf = {.spoil_sct = true}})), "step 6");
  refuses(check(service().bundle({.certificate_log = &other})), "step 6");
  refuses(check(service().bundle({.leaf = {.logged_at = signing_time + 86400}})), "step 6");
  Json ended = root;
  ended["ctlogs"][0]["publicKey"]["validFor"]["end"] = format_rfc3339(signing_time - 60);
  refuses(check(material_of(bundle), ended), "step 6");
  ended["ctlogs"] = Json::array();
  refuses(check(material_of(bundle), ended), "step 6");
}

TEST(Keyless, step_7_the_signature_is_the_certificates) {
  refuses(check(service().bundle({.other_signer = true})), "step 7 (signature)");
  refuses(check(service().bundle({.kind = "hashedrekord", .other_signer = true})), "step 7 (signature)");
}

TEST(Keyless, step_7_it_signs_this_image) {
  refuses(check(service().bundle({.digest = digest_for("other")})), "step 7 (what is signed)");
  refuses(check(service().bundle({.digest = digest_for("other"), .kind = "hashedrekord"})), "step 7 (what is signed)");
  refuses(check({.simple = {service().simple({.digest = digest_for("other")})}, .bundles = {}}, root),
          "step 7 (what is signed)");
  refuses(check(service().bundle({.predicate = "https://slsa.dev/provenance/v1"})), "step 7 (what is signed)",
          Errc::unsupported);
}

TEST(Keyless, step_7_the_payload_type_is_signed_too) {
  bundle["dsseEnvelope"]["payloadType"] = "application/vnd.in-toto+jsom";
  refuses(check(bundle), "step 7 (signature)");
}

TEST(Keyless, step_8_identity) {
  const std::string subject = "URI:https://github.com/schedkit-evil/x";
  refuses(check(service().bundle({.leaf = {.subjects = {subject}}})), "step 8");
  refuses(check(service().bundle({.leaf = {.subjects = {"URI:https://github.com/schedkit/a", subject}}})), "step 8");
  refuses(check(service().bundle({.leaf = {.subjects = {"DNS:github.com"}}})), "step 8", Errc::unsupported);
  refuses(check(service().bundle({.leaf = {.issuer = "https://accounts.google.com"}})), "step 8");
  refuses(check(service().bundle({.leaf = {.issuer = ""}})), "step 8");
  refuses(check(service().bundle({.leaf = {.old_issuer = "https://accounts.google.com"}})), "step 8");
  const std::string issuer = "https://token.actions.githubusercontent.com";
  accepts(check(service().bundle({.leaf = {.old_issuer = issuer}})));
  accepts(check(service().bundle({.leaf = {.issuer = "", .old_issuer = issuer}})));
}

TEST(Keyless, the_older_format_is_checked_as_strictly) {
  const SimpleSignature good = service().simple();
  const auto with = [&](const std::string& annotation, const std::string& value) {
    SimpleSignature changed = good;
    changed.annotations[annotation] = value;
    return SignatureMaterial{{changed}, {}};
  };
  Json entry = Json::parse(good.annotations.at("dev.sigstore.cosign/bundle"));
  entry["Payload"]["integratedTime"] = signing_time + 1;
  refuses(check(with("dev.sigstore.cosign/bundle", entry.dump()), root), "step 2");
  refuses(check(with("dev.sigstore.cosign/bundle", ""), root), "step 1");
  const SimpleSignature other = service().simple();
  refuses(check(with("dev.sigstore.cosign/certificate", other.annotations.at("dev.sigstore.cosign/certificate")), root),
          "step 4");
  refuses(check(with("dev.sigstore.cosign/bundle", other.annotations.at("dev.sigstore.cosign/bundle")), root),
          "step 4");
  refuses(check({.simple = {service().simple({.leaf = {.logged = false}})}, .bundles = {}}, root), "step 6");
  const auto other_payload = [](Json& body) { body["spec"]["data"]["hash"]["value"] = digest_for("x").hex; };
  refuses(check({.simple = {service().simple({.on_body = other_payload})}, .bundles = {}}, root), "step 4");
}

// Every byte that something is computed from matters: one flipped bit anywhere, and nothing is trusted.
TEST(Keyless, no_flipped_bit_passes) {
  const std::vector<std::string> places{"/verificationMaterial/certificate/rawBytes",
                                        "/verificationMaterial/tlogEntries/0/logId/keyId",
                                        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
                                        "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
                                        "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
                                        "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/1",
                                        "/dsseEnvelope/payload",
                                        "/dsseEnvelope/signatures/0/sig"};
  constexpr std::size_t stride = 5;
  std::size_t flipped = 0;
  for (const std::string& place : places) {
    const Json::json_pointer pointer(place);
    const std::size_t size = decode_base64(bundle[pointer].get<std::string>())->size();
    for (std::size_t byte = flipped % stride; byte < size; byte += stride, ++flipped) {
      Json changed = bundle;
      flip(changed[pointer], byte);
      CHECK_FALSE_TEXT(check(changed).has_value(), fmt::format("{} byte {}", place, byte).c_str());
    }
  }
  CHECK(flipped > 300);
}

TEST_GROUP(RealBundles) {
  static std::string read(const std::string& name) {
    auto text = read_file(std::string(TEST_DATA) + "/data/" + name, 1 << 20);
    if (!text) FAIL(text.error().text.c_str());
    return *text;
  }
  TrustedRoot root = *parse_trusted_root(*read_file(SOURCE_ROOT "/config/trusted_root.json", 1 << 20));
};

// Both are attestations, not signatures of images; every step up to the signature is the same.
TEST(RealBundles, cosigns_dsse_entry) {
  const auto bundle = parse_bundle(read("oci-attestation.sigstore.json"));
  if (!bundle) FAIL(bundle.error().text.c_str());
  const auto proof = verify_keyless(*bundle, root, "https://rekor.sigstore.dev");
  if (!proof) FAIL(proof.error().text.c_str());
  LONGS_EQUAL(175508996, proof->entry.log_index);
  LONGS_EQUAL(1740770291, proof->entry.time);
  CHECK_TEXT(proof->signer.subject.find('@') != std::string::npos, proof->signer.subject.c_str());
}

TEST(RealBundles, github_actions_intoto_entry) {
  const auto bundle = parse_bundle(read("sigstore.js@2.0.0-provenance.sigstore.json"));
  if (!bundle) FAIL(bundle.error().text.c_str());
  const auto proof = verify_keyless(*bundle, root, "");
  if (!proof) FAIL(proof.error().text.c_str());
  STRCMP_EQUAL("https://token.actions.githubusercontent.com", proof->signer.issuer.c_str());
  STRCMP_EQUAL("https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
               proof->signer.subject.c_str());
}

TEST(RealBundles, do_not_verify_under_another_root) {
  const auto bundle = parse_bundle(read("oci-attestation.sigstore.json"));
  const auto other = parse_trusted_root(service().trusted_root().dump());
  CHECK_FALSE(verify_keyless(*bundle, *other, "").has_value());
}
