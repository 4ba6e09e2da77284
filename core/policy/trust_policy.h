// Which images may run, as plain data: the vocabulary of containers-policy.json(5), with keyless signers of our own.
// config/ and core/image/trust make it from files; core/image/trust judges images by it. docs/trust.md explains it.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

constexpr std::string_view default_trusted_root = "/usr/share/schedkit/trusted_root.json";

// A public key in PEM: the file at `path`, or, when that is empty, `pem` itself.
struct KeySource {
  std::string path = {};
  std::string pem = {};

  bool operator==(const KeySource&) const = default;
};

// What the name inside a simple-signing payload must be. Bundles hold no name: `repository` asks nothing of them, and
// the rules below it refuse them, because what they demand cannot be proved.
struct IdentityRule {
  enum class Match {
    any,
    repository,        // that of the image, without tag: what cosign writes
    exact,             // the image's reference, with its tag
    exact_or_digest,   // the same, or, for an image named by digest, its repository
    named_repository,  // the repository `name`, as for a mirror
    named_reference,   // the reference `name`
  };
  Match match = Match::repository;
  std::string name = {};

  bool operator==(const IdentityRule&) const = default;
};

// Any of `keys` signed the image. With a `trusted_root` or `log_keys` the signature must also be in a transparency log
// of those.
struct KeySigner {
  std::vector<KeySource> keys = {};
  IdentityRule identity = {};
  std::string trusted_root = {};  // path of a trusted_root.json, for its logs
  std::vector<KeySource> log_keys = {};

  bool operator==(const KeySigner&) const = default;
};

// Whoever could prove to `issuer` to be the subject signed the image, with a certificate of the trusted root's. Of each
// group the fields that are not empty must all hold, and one of each group is there. Regular expressions are RE2's and
// may match anywhere, as upstream's do.
struct KeylessSigner {
  std::string issuer = {};
  std::string issuer_regexp = {};
  std::string subject = {};
  std::string subject_prefix = {};
  std::string subject_regexp = {};
  std::string trusted_root = std::string(default_trusted_root);
  std::string log_url = {};  // only the trusted root's logs at this address; empty: any of them

  bool operator==(const KeylessSigner&) const = default;
};

using Signer = std::variant<KeySigner, KeylessSigner>;

// One good signature of any of them.
struct SignedBy {
  std::vector<Signer> any_of = {};

  bool operator==(const SignedBy&) const = default;
};

// The reference names the digest itself.
struct DigestPin {
  bool operator==(const DigestPin&) const = default;
};

// An oci: layout that only root can have written.
struct RootOwnedLayout {
  bool operator==(const RootOwnedLayout&) const = default;
};

struct AcceptAnything {
  bool operator==(const AcceptAnything&) const = default;
};

struct Reject {
  std::string reason = {};  // for people; may be empty

  bool operator==(const Reject&) const = default;
};

using TrustRequirement = std::variant<Reject, AcceptAnything, DigestPin, RootOwnedLayout, SignedBy>;

struct TrustScope {
  std::string prefix = {};                     // core/image/trust/scope.h has the grammar
  std::vector<TrustRequirement> require = {};  // all must hold; none at all is a rejection
  Where where = {};

  bool operator==(const TrustScope& other) const { return prefix == other.prefix && require == other.require; }
};

struct TrustPolicy {
  std::vector<TrustRequirement> otherwise = {Reject{}};  // for images that no scope covers
  std::vector<TrustScope> scopes = {};                   // prefixes are unique; the most specific one alone decides
  std::string source = {};                               // the file it comes from, for messages and records

  bool operator==(const TrustPolicy& other) const { return otherwise == other.otherwise && scopes == other.scopes; }
};

// What holds without any file: layouts of root's, and the catalogue's images when its workflows signed them.
TrustPolicy shipped_trust_policy();

// The same signers for every image: what upstream's trust policy files and `--trust-policy` mean. Layouts of root's
// stay as they are.
TrustPolicy trust_policy_of(SignedBy signers, std::string source);

// `policy` with `scope` in place of the one with its prefix, or added to the others.
void set_scope(TrustPolicy& policy, TrustScope scope);

}  // namespace schedkit
