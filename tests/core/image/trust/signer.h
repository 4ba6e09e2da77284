// Keys and certificates for the tests of core/image/trust, made with OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace schedkit::test {

class SigningKey {
 public:
  enum class Kind { p256, p384, p521, secp256k1, rsa1024, rsa2048, ed25519 };
  explicit SigningKey(Kind kind = Kind::p256);

  std::string public_pem() const;
  std::string public_der() const;
  // With the digest (SHA-256 unless named) that goes with the kind.
  std::string sign(std::string_view message, const char* digest = "SHA256") const;
  std::string sign_pss(std::string_view message) const;
  // Over an already computed SHA-256.
  std::string sign_hash(std::string_view sha256) const;
  evp_pkey_st* get() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
  Kind kind_;
};

// What a leaf certificate says; each field can be spoiled.
struct LeafPlan {
  std::vector<std::string> subjects{
      "URI:https://github.com/schedkit/plumbing/.github/workflows/build.yml@refs/heads/main"};
  std::string issuer = "https://token.actions.githubusercontent.com";  // extension .8; "" leaves it out
  std::string old_issuer;                                              // extension .1
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  std::string extended_usage = "codeSigning";  // "" leaves it out
  bool logged = true;                          // has an SCT …
  std::int64_t logged_at = 0;                  // … of this second
  bool spoil_sct = false;
};

// A root, an intermediate below it and a certificate log.
class Authority {
 public:
  explicit Authority(std::int64_t valid_from);

  std::string intermediate_der() const;
  std::string root_der() const;
  const SigningKey& log_key() const { return log_key_; }

  // DER of a certificate for `key`, with a timestamp by `log` (default: log_key()).
  std::string issue(const SigningKey& key, const LeafPlan& plan, const SigningKey* log = nullptr) const;

 private:
  SigningKey root_key_;
  SigningKey intermediate_key_;
  SigningKey log_key_;
  std::shared_ptr<x509_st> root_;
  std::shared_ptr<x509_st> intermediate_;
};

std::string certificate_pem(const std::string& der);

}  // namespace schedkit::test
