// A whole keyless signing service for tests: authority, certificate log and transparency log, and bundles made with
// them. Everything is right unless a Plan says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/image/digest.h"
#include "core/image/json.h"
#include "core/image/trust/signature_material.h"
#include "core/image/trust/verify.h"
#include "tests/core/image/trust/signer.h"

namespace schedkit::test {

constexpr std::int64_t signing_time = 1'790'000'000;

Digest digest_for(std::string_view text);

struct Plan {
  Digest digest = digest_for("image");
  std::string kind = "dsse";  // of the log entry; "hashedrekord" makes a messageSignature
  LeafPlan leaf = {};
  std::string predicate = "https://sigstore.dev/cosign/sign/v1";
  std::uint64_t tree_size = 7;
  std::uint64_t tree_index = 4;

  const Authority* authority = nullptr;          // that issues instead of the service's own
  const SigningKey* certificate_log = nullptr;   // that makes the SCT instead
  bool other_signer = false;                     // the signature is by another key than the certificate's
  std::function<void(Json& body)> on_body = {};  // changes the entry before it is logged
};

class Sigstore {
 public:
  Sigstore();

  // As Plan says, with all the log's proofs.
  Json bundle(Plan plan = {}) const;

  // cosign's older format with certificate and log entry.
  SimpleSignature simple(Plan plan = {}) const;

  Json trusted_root() const;

  const SigningKey& log_key() const { return log_key_; }

  // The log's answer for an entry: SET, inclusion proof, checkpoint.
  Json log(const Json& body, const Plan& plan) const;

 private:
  std::string certificate(const SigningKey& key, const Plan& plan) const;

  Authority authority_;
  SigningKey log_key_;
};

// The root and path of a tree in which leaf `index` of `size` is sha256(0x00 ‖ body); the others are made up.
struct MerkleTree {
  std::string root;
  std::vector<std::string> path;  // from the leaf up
};
MerkleTree merkle_tree(const std::string& body, std::uint64_t size, std::uint64_t index);

// The payload that cosign signs.
std::string simple_payload(const std::string& reference, const std::string& digest);

SignatureMaterial material_of(const Json& bundle);

// A policy with one keyless signer for the fixture's issuer and subject, and its only file.
inline const std::string root_path = "/trusted_root.json";
KeylessSigner keyless_signer();
TrustFiles files_with(const Json& trusted_root);

}  // namespace schedkit::test
