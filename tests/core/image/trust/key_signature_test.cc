// Signatures by keys, in both of cosign's formats, as a policy judges them.
#include "core/image/trust/base64.h"
#include "core/image/trust/verify.h"
#include "tests/core/image/trust/sigstore_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using Kind = SigningKey::Kind;

namespace {

const std::string repository = "registry.lan:5000/scheds/x";
const Digest image_digest = digest_for("image");

SimpleSignature signed_payload(const std::string& payload, const std::string& signature) {
  return {payload, {{"dev.cosignproject.cosign/signature", encode_base64(signature)}}};
}

SimpleSignature simple_by(const SigningKey& key, const char* hash = "SHA256", const std::string& name = repository) {
  const std::string payload = simple_payload(name, image_digest.to_string());
  return signed_payload(payload, key.sign(payload, hash));
}

Json envelope_by(const SigningKey& key) {
  const std::string payload = Json{{"_type", "https://in-toto.io/Statement/v1"},
                                   {"predicateType", "https://sigstore.dev/cosign/sign/v1"},
                                   {"subject", {{{"digest", {{"sha256", image_digest.hex}}}}}}}
                                  .dump();
  const std::string message = fmt::format("DSSEv1 28 application/vnd.in-toto+json {} {}", payload.size(), payload);
  return {{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
          {"verificationMaterial", {{"publicKey", {{"hint", "x"}}}}},
          {"dsseEnvelope",
           {{"payload", encode_base64(payload)},
            {"payloadType", "application/vnd.in-toto+json"},
            {"signatures", Json::array({{{"sig", encode_base64(key.sign(message))}}})}}}};
}

SignatureMaterial only(SimpleSignature simple) { return {.simple = {std::move(simple)}, .bundles = {}}; }

}  // namespace

TEST_GROUP(KeySignature) {
  TrustSubject subject{*parse_reference(repository + ":1"), image_digest, std::nullopt, false};
  KeySigner signer{.keys = {{.path = "/a.pem"}}};

  Result<TrustRecord> check(const std::string& pem, const SignatureMaterial& material) {
    const TrustPolicy policy = trust_policy_of({{signer}}, "test");
    return verify_trust(policy, {{"/a.pem", pem}}, subject, material, WallTime(std::chrono::seconds(1000)));
  }

  void accepts(const SigningKey& key, const SignatureMaterial& material) {
    auto record = check(key.public_pem(), material);
    if (!record) FAIL(record.error().text.c_str());
    STRCMP_EQUAL("sigstore-key", record->proofs.at(0).requirement.c_str());
    STRCMP_EQUAL("/a.pem", record->proofs.at(0).key.c_str());
    LONGS_EQUAL(64, record->proofs.at(0).key_id.size());
  }

  void refuses(const SigningKey& key, const SignatureMaterial& material, const std::string& part) {
    auto record = check(key.public_pem(), material);
    CHECK_FALSE(record.has_value());
    CHECK_TEXT(record.error().text.find(part) != std::string::npos, record.error().text.c_str());
  }
};

TEST(KeySignature, every_algorithm_in_both_formats) {
  for (const Kind kind : {Kind::p256, Kind::p384, Kind::p521, Kind::rsa2048, Kind::ed25519}) {
    const SigningKey key(kind);
    accepts(key, only(simple_by(key)));
    accepts(key, material_of(envelope_by(key)));
  }
}

TEST(KeySignature, larger_curves_also_with_their_own_digest) {
  const SigningKey p384(Kind::p384);
  accepts(p384, only(simple_by(p384, "SHA384")));
  const SigningKey p521(Kind::p521);
  accepts(p521, only(simple_by(p521, "SHA512")));
  refuses(p521, only(simple_by(p521, "SHA384")), "step 7 (signature)");
}

TEST(KeySignature, algorithms_that_cosign_refuses) {
  const SigningKey rsa(Kind::rsa2048);
  const std::string payload = simple_payload(repository, image_digest.to_string());
  refuses(rsa, only(signed_payload(payload, rsa.sign_pss(payload))), "step 7 (signature)");
  refuses(rsa, only(simple_by(rsa, "SHA1")), "step 7 (signature)");
  const SigningKey small(Kind::rsa1024);
  refuses(small, only(simple_by(small)), "1024 bits");
  const SigningKey other_curve(Kind::secp256k1);
  refuses(other_curve, only(simple_by(other_curve)), "not accepted");
}

TEST(KeySignature, another_key_does_not_do) {
  for (const Kind kind : {Kind::p256, Kind::rsa2048, Kind::ed25519}) {
    refuses(SigningKey(kind), only(simple_by(SigningKey(kind))), "step 7 (signature)");
    refuses(SigningKey(kind), material_of(envelope_by(SigningKey(kind))), "step 7 (signature)");
  }
}

TEST(KeySignature, any_of_several_keys_and_any_of_several_signatures) {
  const SigningKey key;
  signer.keys = {{.path = "/missing.pem"}, {.pem = SigningKey().public_pem()}, {.path = "/a.pem"}};
  SignatureMaterial material = only(simple_by(SigningKey()));
  material.simple.push_back(simple_by(key));
  material.bundles.push_back("no bundle");
  accepts(key, material);
}

TEST(KeySignature, a_key_that_cannot_be_read_is_nobodys) {
  const SigningKey key;
  auto record = check("", only(simple_by(key)));
  CHECK_FALSE(record.has_value());
  signer.keys = {{.path = "/missing.pem"}};
  refuses(key, only(simple_by(key)), "/missing.pem");
}

TEST(KeySignature, the_payload_must_name_the_digest_and_nothing_unknown) {
  const SigningKey key;
  const auto refuses_payload = [&](const std::string& payload, const std::string& why) {
    refuses(key, only(signed_payload(payload, key.sign(payload))), why);
  };
  const std::string good = simple_payload(repository, image_digest.to_string());
  refuses_payload(simple_payload(repository, digest_for("x").to_string()), "it signs \"sha256:");
  refuses_payload("{\"extra\":1," + good.substr(1), "unknown members");
  refuses_payload("{\"critical\":{}," + good.substr(1), "occurs twice");
  refuses_payload(good + " x", "step 7 (what is signed)");
  std::string type = good;
  type.replace(type.find("cosign container"), 6, "atomic");
  refuses_payload(type, "the payload's type");
  refuses_payload("[]", "step 7 (what is signed)");
}

TEST(KeySignature, the_name_in_the_payload) {
  const SigningKey key;
  const std::string mirror = "mirror.example/scheds/x";
  refuses(key, only(simple_by(key, "SHA256", mirror)), "it signs the name");
  refuses(key, only(simple_by(key, "SHA256", "")), "it signs the name");
  signer.identity = {IdentityRule::Match::named_repository, mirror};
  accepts(key, only(simple_by(key, "SHA256", mirror)));
  refuses(key, only(simple_by(key)), "it signs the name");
  refuses(key, material_of(envelope_by(key)), "names no repository");
  signer.identity = {IdentityRule::Match::any, {}};
  accepts(key, only(simple_by(key, "SHA256", "anything/else")));
  signer.identity = {IdentityRule::Match::exact, {}};
  accepts(key, only(simple_by(key, "SHA256", repository + ":1")));
  refuses(key, only(simple_by(key, "SHA256", repository + ":2")), "it signs the name");
  refuses(key, only(simple_by(key)), "it signs the name");
}

TEST(KeySignature, a_signature_of_the_platforms_manifest_counts) {
  const SigningKey key;
  subject.platform = image_digest;
  subject.digest = digest_for("index");
  accepts(key, only(simple_by(key)));
  subject.platform = std::nullopt;
  refuses(key, only(simple_by(key)), "it signs \"sha256:");
}

TEST(KeySignature, without_signatures) { refuses(SigningKey(), {}, "is not signed"); }

TEST(KeySignature, a_log_that_is_asked_for_must_have_it) {
  const SigningKey key;
  const Sigstore service;
  signer.log_keys = {{.pem = service.log_key().public_pem()}};
  refuses(key, only(simple_by(key)), "step 1");
  Json bundle = envelope_by(key);
  const std::string payload = *decode_base64(bundle["dsseEnvelope"]["payload"].get<std::string>());
  const auto body = [&](const std::string& pem) {
    return Json{
        {"apiVersion", "0.0.1"},
        {"kind", "dsse"},
        {"spec",
         {{"payloadHash", {{"algorithm", "sha256"}, {"value", digest_for(payload).hex}}},
          {"signatures",
           {{{"signature", bundle["dsseEnvelope"]["signatures"][0]["sig"]}, {"verifier", encode_base64(pem)}}}}}}};
  };
  bundle["verificationMaterial"]["tlogEntries"] = Json::array({service.log(body(key.public_pem()), {})});
  auto record = check(key.public_pem(), material_of(bundle));
  if (!record) FAIL(record.error().text.c_str());
  CHECK_EQUAL(signing_time, record->proofs.at(0).log_time);
  CHECK(record->age.signed_at == signing_time);
  bundle["verificationMaterial"]["tlogEntries"] = Json::array({service.log(body(SigningKey().public_pem()), {})});
  refuses(key, material_of(bundle), "step 4");
}
