// X.509 certificates of signers (RFC 5280) with Fulcio's extensions (sigstore/fulcio, docs/oid-info.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/trust/public_key.h"

struct x509_st;

namespace schedkit {

class Certificate {
 public:
  static Result<Certificate> from_der(std::string_view der);
  // The first certificate of a PEM text; what follows it is not looked at.
  static Result<Certificate> from_pem(std::string_view pem);

  const std::string& der() const { return der_; }
  Result<PublicKey> public_key() const;

  // The one URI or e-mail address in subjectAltName. Errc::integrity when there are several names, Errc::unsupported
  // when its kind is another.
  Result<std::string> subject() const;

  // Who vouched for the subject: extension 1.3.6.1.4.1.57264.1.8, and the older .1.1, which must agree when both are
  // there.
  Result<std::string> issuer() const;

  x509_st* get() const { return certificate_.get(); }

 private:
  struct Free {
    void operator()(x509_st* certificate) const;
  };

  std::unique_ptr<x509_st, Free> certificate_;
  std::string der_;
};

// A chain of authorities: each certificate is signed by the next; the last is the anchor.
using AuthorityChain = std::vector<Certificate>;

// Whether `leaf` was good for signing code at `time` (seconds since 1970) under the anchor of `authority`: signatures,
// validity, constraints, extended key usage (RFC 5280 section 6). Returns the certificate that signed `leaf`.
Result<const Certificate*> verify_chain(const Certificate& leaf, const AuthorityChain& authority, std::int64_t time);

}  // namespace schedkit
