#include "core/image/trust_admission.h"

#include <optional>

#include "core/image/trust/base64.h"
#include "core/image/trust/collect_signatures.h"
#include "tests/core/image/fake_remote.h"
#include "tests/core/image/trust/sigstore_fixture.h"
#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace {

const std::string repository = "registry.lan:5000/scheds/x";
constexpr const char* bundle_type = "application/vnd.dev.sigstore.bundle.v0.3+json";

TrustPolicy keys(const SigningKey& key) {
  return trust_policy_of({{KeySigner{.keys = {{.pem = key.public_pem()}}}}}, "test");
}

}  // namespace

TEST_GROUP(TrustAdmission) {
  TempTree tree;
  Loop loop;
  fakes::FakeClock clock;
  FakeRemote remote{loop, tree.at("registry")};
  SigningKey key;
  SigningKey other;
  std::map<std::string, TrustPolicy> files;
  std::unique_ptr<TrustAdmission> admission;
  Digest top = digest_for("index");
  Digest platform = digest_for("manifest");

  void setup() override { make(std::chrono::minutes(1)); }

  void make(Duration patience) {
    const auto read = [this](const std::string& path) -> Result<TrustPolicy> {
      const auto found = files.find(path);
      return found == files.end() ? Result<TrustPolicy>(fail(Errc::not_found, "there is no {}", path)) : found->second;
    };
    admission = std::make_unique<TrustAdmission>(loop, clock, remote, read, patience);
    admission->use(keys(key), "");
  }

  void teardown() override {
    while (loop.run_once(false)) {
    }
    LONGS_EQUAL(0, remote.open);
  }

  std::string descriptor(const std::string& bytes, const std::string& type, const Json& annotations = Json::object()) {
    remote.documents[digest_text(bytes)] = bytes;
    return Json{
        {"mediaType", type}, {"digest", digest_text(bytes)}, {"size", bytes.size()}, {"annotations", annotations}}
        .dump();
  }

  // cosign's older format: `payloads` of signatures by `by`.
  void sign(const Digest& digest, const SigningKey& by, int times = 1) {
    std::string layers;
    for (int i = 0; i < times; ++i) {
      const std::string payload = simple_payload(repository, digest.to_string());
      layers +=
          (i > 0 ? "," : "") + descriptor(payload, std::string(simple_signing_type),
                                          {{"dev.cosignproject.cosign/signature", encode_base64(by.sign(payload))}});
    }
    remote.tags[signature_tag(digest)] = R"({"schemaVersion":2,"layers":[)" + layers + "]}";
  }

  // A bundle among the referrers of `digest`.
  void refer(const Digest& digest, const std::string& bundle) {
    const std::string layer = descriptor(bundle, bundle_type);
    refer_by(digest, fmt::format(R"({{"schemaVersion":2,"subject":{{"digest":"{}","size":1}},"layers":[{}]}})",
                                 digest.to_string(), layer));
  }

  void refer_by(const Digest& digest, const std::string& manifest) {
    remote.documents[digest_text(manifest)] = manifest;
    remote.referrers[digest.to_string()].push_back({.digest = *parse_digest(digest_text(manifest))});
  }

  Admission::Candidate candidate(PullOptions options = {}) {
    return {.reference = *parse_reference(repository + ":1"),
            .top = top,
            .platform = platform,
            .age = {},
            .known = {},
            .options = std::move(options)};
  }

  Result<std::string> admit(Admission::Candidate candidate) {
    std::optional<Result<std::string>> answer;
    const auto call =
        admission->admit(std::move(candidate), [&](Result<std::string> found) { answer = std::move(found); });
    CHECK_FALSE(answer.has_value());
    while (!answer) loop.run_once(true);
    return *answer;
  }
  Result<std::string> admit(PullOptions options = {}) { return admit(candidate(std::move(options))); }

  std::string accepts(const Result<std::string>& evidence) {
    if (!evidence) FAIL(evidence.error().text.c_str());
    return *evidence;
  }

  template <class T>
  void refuses(const Result<T>& result, Errc code, const std::string& words) {
    CHECK_FALSE(result.has_value());
    CHECK_TEXT(result.error().text.find(words) != std::string::npos, result.error().text.c_str());
    CHECK(result.error().code == code);
  }

  StoredImage stored() const { return {.reference = repository + ":1", .top = top, .entry = {.digest = platform}}; }

  Result<TrustRecord> recheck(const std::string& evidence, const std::string& reference = repository + ":1") {
    const int asked = remote.manifests;
    auto record = admission->recheck(*parse_reference(reference), stored(), evidence);
    LONGS_EQUAL(asked, remote.manifests);
    LONGS_EQUAL(0, remote.open);
    return record;
  }
};

TEST(TrustAdmission, a_signature_admits_and_is_judged_again_without_network) {
  sign(top, key);
  const std::string evidence = accepts(admit());
  remote.down = Error{Errc::io, "no network"};
  const auto record = recheck(evidence);
  if (!record) FAIL(record.error().text.c_str());
  STRCMP_EQUAL("sigstore-key", record->proofs.at(0).requirement.c_str());
  STRCMP_EQUAL(top.to_string().c_str(), record->proofs.at(0).digest.c_str());
  CHECK(record->verified_at > 0 || clock.wall_now().time_since_epoch().count() == 0);
  // By either of its digests as well; and no longer when the key is no longer believed.
  CHECK(recheck(evidence, repository + "@" + top.to_string()).has_value());
  CHECK(recheck(evidence, repository + "@" + platform.to_string()).has_value());
  admission->use(keys(other), "");
  refuses(recheck(evidence), Errc::denied, "step 7 (signature)");
}

TEST(TrustAdmission, a_signature_of_the_platforms_manifest_will_do) {
  sign(platform, key);
  const auto record = recheck(accepts(admit()));
  CHECK(record.has_value());
  STRCMP_EQUAL(platform.to_string().c_str(), record->proofs.at(0).digest.c_str());
}

TEST(TrustAdmission, keyless_bundles_among_the_referrers_by_a_trusted_root_of_the_disk) {
  const Sigstore sigstore;
  write(tree.at("root.json"), sigstore.trusted_root().dump());
  KeylessSigner signer = keyless_signer();
  signer.trusted_root = tree.at("root.json");
  admission->use(trust_policy_of({{signer}}, "test"), "");
  refer_by(top, R"({"schemaVersion":2,"subject":{"digest":")" + top.to_string() +
                    R"(","size":1},"layers":[]})");  // an artifact of another kind
  refer(top, sigstore.bundle({.digest = top}).dump());
  const std::string evidence = accepts(admit());
  const auto record = recheck(evidence);
  if (!record) FAIL(record.error().text.c_str());
  STRCMP_EQUAL("sigstore-keyless", record->proofs.at(0).requirement.c_str());
  CHECK(record->age.signed_at == signing_time);
  write(tree.at("root.json"), "{}");
  refuses(recheck(evidence), Errc::denied, "trusted root");
  refuses(admit(), Errc::denied, "trusted root");
}

TEST(TrustAdmission, no_signature) {
  refuses(admit(), Errc::denied, "is not signed; `schedctl pull --allow-unsigned` takes it on your own account");
}

TEST(TrustAdmission, another_key) {
  sign(top, other);
  refuses(admit(), Errc::denied, "step 7 (signature)");
}

TEST(TrustAdmission, a_signature_of_another_image) {
  sign(digest_for("another"), key);
  remote.tags[signature_tag(top)] = remote.tags.begin()->second;
  refuses(admit(), Errc::denied, "step 7 (what is signed)");
}

TEST(TrustAdmission, what_cannot_be_fetched_is_not_taken_for_unsigned) {
  remote.refused["referrers"] = Error{Errc::io, "connection reset"};
  refuses(admit(), Errc::io, "not everything that may sign it could be fetched: connection reset");
  sign(top, key);
  accepts(admit());
  remote.refused.clear();
  remote.refused[signature_tag(top)] = Error{Errc::timeout, "too slow"};
  refuses(admit(), Errc::timeout, "too slow");
  remote.refused.clear();
  remote.documents.clear();
  refuses(admit(), Errc::denied, "is not in the registry");
}

TEST(TrustAdmission, what_is_too_large_or_broken_counts_for_nothing) {
  const std::string subject = R"("subject":{"digest":")" + top.to_string() + R"(","size":1})";
  refer_by(top, R"({"schemaVersion":2,)" + subject + R"(,"layers":[{"mediaType":")" + bundle_type + R"(","digest":")" +
                    top.to_string() + R"(","size":2000000}]})");
  refuses(admit(), Errc::denied, "a bundle larger than");
  remote.referrers.clear();
  refer_by(top, "{");
  refuses(admit(), Errc::denied, "referrer");
  remote.referrers.clear();
  refer_by(top, R"({"schemaVersion":2,"subject":{"digest":")" + platform.to_string() + R"(","size":1},"layers":[]})");
  refuses(admit(), Errc::denied, "its subject is not");
  remote.referrers.clear();
  remote.tags[signature_tag(top)] = "[]";
  refuses(admit(), Errc::denied, "signature manifest");
  sign(top, key);
  accepts(admit());
}

TEST(TrustAdmission, material_has_a_limit_as_a_whole) {
  for (char c = 'a'; c < 'a' + 9; ++c) refer(top, std::string(largest_bundle, c));
  refuses(admit(), Errc::denied, "there is more than");
  LONGS_EQUAL(9, remote.referrers[top.to_string()].size());
}

TEST(TrustAdmission, a_registry_that_does_not_answer_is_not_waited_for_without_end) {
  make(std::chrono::milliseconds(1));
  remote.silent = true;
  refuses(admit(), Errc::timeout, "took longer than 1ms");
}

TEST(TrustAdmission, more_referrers_than_are_looked_at_are_told) {
  for (int i = 0; i < 200; ++i) refer_by(top, fmt::format(R"({{"number":{}}})", i));
  refuses(admit(), Errc::denied, "64 of 200 referrers were looked at");
}

TEST(TrustAdmission, bundles_are_looked_at_before_other_referrers) {
  std::vector<Descriptor> listed(100);
  listed.push_back({.digest = top, .artifact_type = bundle_type});
  const auto chosen = referrers_to_fetch(listed);
  LONGS_EQUAL(64, chosen.size());
  CHECK(chosen.front().digest == top);
}

TEST(TrustAdmission, many_signatures_are_all_looked_at) {
  sign(top, key, 3);
  const std::string evidence = accepts(admit());
  LONGS_EQUAL(3, parse_evidence(evidence)->material.simple.size());
}

TEST(TrustAdmission, evidence_that_was_changed_or_is_of_another_image) {
  sign(top, key);
  const Evidence good = *parse_evidence(accepts(admit()));
  CHECK(recheck(write_evidence(good)).has_value());
  Evidence bad = good;
  bad.material.simple[0].payload += " ";
  refuses(recheck(write_evidence(bad)), Errc::denied, "step 7 (signature)");
  bad = good;
  bad.material = {};
  refuses(recheck(write_evidence(bad)), Errc::denied, "is not signed");
  bad = good;
  bad.record.digest = platform.to_string();
  refuses(recheck(write_evidence(bad)), Errc::integrity, "is about");
  bad = good;
  bad.record.reference = "registry.lan:5000/scheds/y:1";
  refuses(recheck(write_evidence(bad)), Errc::integrity, "is about");
  refuses(recheck(""), Errc::denied, "is not signed");
  for (const char* text :
       {"{", "{}", R"({"version":1,"rule":"allow-unsigned"})", R"({"version":2,"rule":"trust me"})"}) {
    refuses(recheck(text), Errc::integrity, "what was kept of its admission is damaged");
  }
  const std::string text = write_evidence(good);
  refuses(recheck(text.substr(0, text.size() - 3)), Errc::integrity, "`schedctl pull` asks its registry anew");
}

TEST(TrustAdmission, older_than_what_is_here) {
  sign(top, key);
  Admission::Candidate older = candidate();
  older.age.version = "1.0.9";
  older.known = TrustRecord{.reference = repository + ":1", .digest = "sha256:known", .age = {.version = "1.0.10"}};
  refuses(admit(older), Errc::denied, "--allow-downgrade");
  older.options.allow_unsigned = true;
  refuses(admit(older), Errc::denied, "--allow-downgrade");
  older.options = {.allow_downgrade = true};
  STRCMP_EQUAL("1.0.9", parse_evidence(accepts(admit(older)))->record.age.version.c_str());
  older.options = {};
  older.reference = *parse_reference(repository + "@" + top.to_string());
  accepts(admit(older));
  older.reference = *parse_reference(repository + ":1");
  older.age.version = "1.0.11";
  accepts(admit(older));
}

TEST(TrustAdmission, a_person_may_take_it_unsigned_and_nothing_is_asked) {
  remote.down = Error{Errc::io, "no network"};
  const std::string evidence = accepts(admit({.allow_unsigned = true}));
  admission->use({}, "");
  CHECK(recheck(evidence).has_value());
  STRCMP_EQUAL("allow-unsigned", recheck(evidence)->proofs.at(0).requirement.c_str());
}

TEST(TrustAdmission, what_needs_no_signature_asks_for_none) {
  remote.down = Error{Errc::io, "no network"};
  admission->use({.otherwise = {AcceptAnything{}}}, "");
  const std::string evidence = accepts(admit());
  CHECK(recheck(evidence).has_value());
  CHECK(recheck("").has_value());
  admission->use({.otherwise = {DigestPin{}}}, "");
  refuses(recheck(evidence), Errc::denied, "the policy wants the image by digest");
  CHECK(recheck(evidence, repository + "@" + platform.to_string()).has_value());
  admission->use({}, "");
  refuses(admit(), Errc::denied, "rejected by the trust policy");
}

TEST(TrustAdmission, a_policy_file_of_its_own_is_remembered_and_read_again) {
  sign(top, other);
  files["/own.yaml"] = keys(other);
  refuses(admit(), Errc::denied, "step 7");
  const std::string evidence = accepts(admit({.trust_policy = "/own.yaml"}));
  CHECK(recheck(evidence).has_value());
  files["/own.yaml"] = keys(key);
  refuses(recheck(evidence), Errc::denied, "step 7");
  files.clear();
  refuses(recheck(evidence), Errc::denied, "nothing is trusted while the trust policy cannot be used: there is no");
  refuses(admit({.trust_policy = "/own.yaml"}), Errc::denied, "there is no /own.yaml");
}

TEST(TrustAdmission, the_settings_file_takes_the_place_of_the_scopes) {
  sign(top, other);
  files["/etc/containers/policy.json"] = keys(other);
  admission->use(keys(key), "/etc/containers/policy.json");
  CHECK(recheck(accepts(admit())).has_value());
  files.clear();
  refuses(admit(), Errc::denied, "nothing is trusted");
}

TEST(TrustAdmission, nothing_is_trusted_before_a_policy_is_there) {
  admission = std::make_unique<TrustAdmission>(loop, clock, remote,
                                               [](const std::string&) { return Result<TrustPolicy>(TrustPolicy()); });
  refuses(admit(), Errc::denied, "no trust policy is loaded");
}

TEST(TrustAdmission, layouts_are_judged_by_their_scope) {
  const Reference layout = *parse_reference("oci:/srv/x:1");
  admission->use(shipped_trust_policy(), "");
  CHECK(admission->recheck(layout, {}, "").has_value());
  admission->use({.otherwise = {SignedBy{{keyless_signer()}}}}, "");
  refuses(admission->recheck(layout, {}, ""), Errc::denied, "layouts on this machine hold no signatures");
  admission->use({.otherwise = {DigestPin{}}}, "");
  refuses(admission->recheck(layout, {}, ""), Errc::denied, "by digest");
  CHECK(admission->recheck(*parse_reference("oci:/srv/x@" + top.to_string()), {}, "").has_value());
}

TEST(TrustAdmission, cancelling_at_every_point) {
  sign(top, key, 2);
  refer(top, "{}");
  for (int turns = 0; turns < 12; ++turns) {
    auto call = admission->admit(candidate(), [](const Result<std::string>&) {});
    for (int i = 0; i < turns; ++i) loop.run_once(true);
    call.reset();
    LONGS_EQUAL(0, remote.open);
  }
}
