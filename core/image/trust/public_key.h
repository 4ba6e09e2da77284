// Public keys of signers and logs, with the algorithms that cosign uses for them: ECDSA over P-256, P-384 and P-521,
// RSA PKCS#1 v1.5 with SHA-256 and at least 2048 bits, Ed25519. Nothing else verifies, RSA-PSS in particular does not,
// because cosign refuses it too.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct evp_pkey_st;

namespace schedkit {

class PublicKey {
 public:
  // "-----BEGIN PUBLIC KEY-----"; exactly one.
  static Result<PublicKey> from_pem(std::string_view pem);
  // SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
  static Result<PublicKey> from_der(std::string_view der);
  // Takes over `key`.
  static Result<PublicKey> adopt(evp_pkey_st* key);

  const std::string& der() const { return der_; }
  // Hexadecimal SHA-256 of der(): how logs and bundles name keys.
  const std::string& id() const { return id_; }
  bool is_ed25519() const;

  // Errc::integrity unless `signature` is one of `message` by this key.
  Result<void> verify(std::string_view message, std::string_view signature) const;

  // The same for a message of which only the SHA-256 (32 bytes) is known. Ed25519 cannot do that: Errc::unsupported.
  Result<void> verify_sha256(std::string_view sha256, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };

  std::unique_ptr<evp_pkey_st, Free> key_;
  std::string der_;
  std::string id_;
};

}  // namespace schedkit
