#include "tests/core/image/trust/sigstore_fixture.h"

#include <utility>

#include "core/image/hasher.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/hash.h"
#include "core/image/trust/rfc3339.h"

namespace schedkit::test {
namespace {

constexpr std::int64_t year = 31'536'000;
constexpr std::uint64_t older_shards = 1'000'000;  // the global index is that much more than the tree's

std::string node(const std::string& left, const std::string& right) { return *sha256("\x01" + left + right); }

// Hash of leaves [begin, end) (RFC 9162 section 2.1.1); siblings on the way to `index` go to `path`.
std::string subtree(const std::vector<std::string>& leaves, std::size_t begin, std::size_t end, std::size_t index,
                    std::vector<std::string>* path) {
  if (end - begin == 1) return leaves[begin];
  std::size_t split = 1;
  while (split * 2 < end - begin) split *= 2;
  const bool left = index < begin + split;
  const std::string a = subtree(leaves, begin, begin + split, index, left ? path : nullptr);
  const std::string b = subtree(leaves, begin + split, end, index, left ? nullptr : path);
  if (path != nullptr) path->push_back(left ? b : a);
  return node(a, b);
}

std::string envelope_message(const std::string& payload) {
  const std::string type = "application/vnd.in-toto+json";
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

std::string statement(const Plan& plan) {
  const Json json{{"_type", "https://in-toto.io/Statement/v1"},
                  {"predicateType", plan.predicate},
                  {"subject", {{{"name", ""}, {"digest", {{plan.digest.algorithm, plan.digest.hex}}}}}},
                  {"predicate", Json::object()}};
  return json.dump();
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

Json entry_body(const std::string& kind, const std::string& hash, const std::string& signature,
                const std::string& verifier) {
  const Json digest{{"algorithm", "sha256"}, {"value", hex_of(hash)}};
  const std::string encoded = encode_base64(signature);
  const std::string pem = encode_base64(verifier);
  if (kind == "hashedrekord") {
    return {{"apiVersion", "0.0.1"},
            {"kind", kind},
            {"spec",
             {{"data", {{"hash", digest}}}, {"signature", {{"content", encoded}, {"publicKey", {{"content", pem}}}}}}}};
  }
  if (kind == "intoto") {
    const Json signatures{{{"publicKey", pem}, {"sig", encode_base64(encoded)}}};
    return {{"apiVersion", "0.0.2"},
            {"kind", kind},
            {"spec", {{"content", {{"envelope", {{"signatures", signatures}}}, {"payloadHash", digest}}}}}};
  }
  return {{"apiVersion", "0.0.1"},
          {"kind", "dsse"},
          {"spec", {{"payloadHash", digest}, {"signatures", {{{"signature", encoded}, {"verifier", pem}}}}}}};
}

Json log_json(const SigningKey& key, const std::string& url) {
  return {{"baseUrl", url},
          {"hashAlgorithm", "SHA2_256"},
          {"publicKey",
           {{"rawBytes", encode_base64(key.public_der())},
            {"keyDetails", "PKIX_ECDSA_P256_SHA_256"},
            {"validFor", {{"start", format_rfc3339(signing_time - year)}}}}},
          {"logId", {{"keyId", encode_base64(*sha256(key.public_der()))}}}};
}

}  // namespace

Digest digest_for(std::string_view text) { return *digest_of(text); }

MerkleTree merkle_tree(const std::string& body, std::uint64_t size, std::uint64_t index) {
  std::vector<std::string> leaves;
  for (std::uint64_t i = 0; i < size; ++i) leaves.push_back(*sha256(std::string(1, '\0') + std::to_string(i)));
  leaves[index] = *sha256(std::string(1, '\0') + body);
  MerkleTree tree;
  tree.root = subtree(leaves, 0, size, index, &tree.path);
  return tree;
}

std::string simple_payload(const std::string& reference, const std::string& digest) {
  return R"({"critical":{"identity":{"docker-reference":")" + reference + R"("},"image":{"docker-manifest-digest":")" +
         digest + R"("},"type":"cosign container image signature"},"optional":null})";
}

Sigstore::Sigstore() : authority_(signing_time - year) {}

std::string Sigstore::certificate(const SigningKey& key, const Plan& plan) const {
  LeafPlan leaf = plan.leaf;
  if (leaf.not_before == 0) leaf.not_before = signing_time - 5;
  if (leaf.not_after == 0) leaf.not_after = signing_time + 595;
  if (leaf.logged_at == 0) leaf.logged_at = signing_time - 5;
  const Authority& authority = plan.authority != nullptr ? *plan.authority : authority_;
  const SigningKey& log = plan.certificate_log != nullptr ? *plan.certificate_log : authority_.log_key();
  return authority.issue(key, leaf, &log);
}

Json Sigstore::log(const Json& body, const Plan& plan) const {
  const std::string text = body.dump();
  const MerkleTree tree = merkle_tree(text, plan.tree_size, plan.tree_index);
  const std::string id = *sha256(log_key_.public_der());
  const std::uint64_t index = older_shards + plan.tree_index;
  const std::string promise = fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})",
                                          encode_base64(text), signing_time, hex_of(id), index);
  const std::string note = fmt::format("rekor.test - 42\n{}\n{}\n", plan.tree_size, encode_base64(tree.root));
  Json hashes = Json::array();
  for (const std::string& hash : tree.path) hashes.push_back(encode_base64(hash));
  return {{"logIndex", std::to_string(index)},
          {"logId", {{"keyId", encode_base64(id)}}},
          {"kindVersion", {{"kind", body["kind"]}, {"version", body["apiVersion"]}}},
          {"integratedTime", std::to_string(signing_time)},
          {"inclusionPromise", {{"signedEntryTimestamp", encode_base64(log_key_.sign(promise))}}},
          {"inclusionProof",
           {{"logIndex", std::to_string(plan.tree_index)},
            {"rootHash", encode_base64(tree.root)},
            {"treeSize", std::to_string(plan.tree_size)},
            {"hashes", hashes},
            {"checkpoint",
             {{"envelope",
               note + "\n\xe2\x80\x94 rekor.test " + encode_base64(id.substr(0, 4) + log_key_.sign(note)) + "\n"}}}}},
          {"canonicalizedBody", encode_base64(text)}};
}

Json Sigstore::bundle(Plan plan) const {
  const SigningKey key;
  const SigningKey other;
  const SigningKey& signer = plan.other_signer ? other : key;
  const std::string der = certificate(key, plan);
  const bool envelope = plan.kind != "hashedrekord";
  const std::string payload = envelope ? statement(plan) : "";
  const std::string hash = envelope ? *sha256(payload) : bytes_of_hex(plan.digest.hex);
  const std::string signature = envelope ? signer.sign(envelope_message(payload)) : signer.sign_hash(hash);
  Json body = entry_body(plan.kind, hash, signature, certificate_pem(der));
  if (plan.on_body) plan.on_body(body);
  Json bundle{{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
              {"verificationMaterial",
               {{"certificate", {{"rawBytes", encode_base64(der)}}}, {"tlogEntries", Json::array({log(body, plan)})}}}};
  if (envelope) {
    bundle["dsseEnvelope"] = {{"payload", encode_base64(payload)},
                              {"payloadType", "application/vnd.in-toto+json"},
                              {"signatures", Json::array({{{"sig", encode_base64(signature)}}})}};
  } else {
    bundle["messageSignature"] = {{"messageDigest", {{"algorithm", "SHA2_256"}, {"digest", encode_base64(hash)}}},
                                  {"signature", encode_base64(signature)}};
  }
  return bundle;
}

SimpleSignature Sigstore::simple(Plan plan) const {
  const SigningKey key;
  const std::string pem = certificate_pem(certificate(key, plan));
  const std::string payload = simple_payload("ghcr.io/schedkit/scx_test", plan.digest.to_string());
  const std::string signature = key.sign(payload);
  Json body = entry_body("hashedrekord", *sha256(payload), signature, pem);
  if (plan.on_body) plan.on_body(body);
  const Json entry = log(body, plan);
  const Json annotation{{"SignedEntryTimestamp", entry["inclusionPromise"]["signedEntryTimestamp"]},
                        {"Payload",
                         {{"body", entry["canonicalizedBody"]},
                          {"integratedTime", signing_time},
                          {"logIndex", std::stoll(entry["logIndex"].get<std::string>())},
                          {"logID", hex_of(*sha256(log_key_.public_der()))}}}};
  return {payload,
          {{"dev.cosignproject.cosign/signature", encode_base64(signature)},
           {"dev.sigstore.cosign/certificate", pem},
           {"dev.sigstore.cosign/bundle", annotation.dump()}}};
}

Json Sigstore::trusted_root() const {
  return {{"mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1"},
          {"tlogs", Json::array({log_json(log_key_, "https://rekor.test")})},
          {"ctlogs", Json::array({log_json(authority_.log_key(), "https://ctfe.test")})},
          {"certificateAuthorities",
           Json::array({{{"certChain",
                          {{"certificates", Json::array({{{"rawBytes", encode_base64(authority_.intermediate_der())}},
                                                         {{"rawBytes", encode_base64(authority_.root_der())}}})}}},
                         {"validFor", {{"start", format_rfc3339(signing_time - year)}}}}})}};
}

SignatureMaterial material_of(const Json& bundle) { return {.simple = {}, .bundles = {bundle.dump()}}; }

KeylessSigner keyless_signer() {
  return {.issuer = "https://token.actions.githubusercontent.com",
          .subject_prefix = "https://github.com/schedkit/",
          .trusted_root = root_path};
}

TrustFiles files_with(const Json& trusted_root) { return {{root_path, trusted_root.dump()}}; }

}  // namespace schedkit::test
