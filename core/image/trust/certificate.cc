#include "core/image/trust/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <optional>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr const char* issuer_oid = "1.3.6.1.4.1.57264.1.8";
constexpr const char* old_issuer_oid = "1.3.6.1.4.1.57264.1.1";

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// The value of the one extension `oid`; none when it is missing.
Result<std::optional<std::string>> extension(const X509* certificate, const char* oid) {
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object(OBJ_txt2obj(oid, 1), ASN1_OBJECT_free);
  const int at = X509_get_ext_by_OBJ(certificate, object.get(), -1);
  if (at < 0) return std::nullopt;
  if (X509_get_ext_by_OBJ(certificate, object.get(), at) >= 0) {
    return fail(Errc::integrity, "the certificate has the extension {} twice", oid);
  }
  return text_of(X509_EXTENSION_get_data(X509_get_ext(certificate, at)));
}

Result<std::string> decode_utf8_string(const std::string& der) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* at = begin;
  const std::unique_ptr<ASN1_UTF8STRING, decltype(&ASN1_UTF8STRING_free)> string(
      d2i_ASN1_UTF8STRING(nullptr, &at, static_cast<long>(der.size())), ASN1_UTF8STRING_free);
  ERR_clear_error();
  if (!string || at != begin + der.size()) return fail(Errc::integrity, "the certificate's issuer is no UTF8String");
  return text_of(string.get());
}

// The leaf must say so; an authority below the anchor must not say otherwise.
Result<void> require_code_signing(const STACK_OF(X509) * chain) {
  for (int i = 0; i == 0 || i + 1 < sk_X509_num(chain); ++i) {
    X509* certificate = sk_X509_value(chain, i);
    const bool named = (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0;
    const bool allowed = named && (X509_get_extended_key_usage(certificate) & XKU_CODE_SIGN) != 0;
    if (allowed || (i > 0 && !named)) continue;
    return fail(Errc::integrity, "a certificate that is not for signing code (extended key usage)");
  }
  return {};
}

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

}  // namespace

void Certificate::Free::operator()(x509_st* certificate) const { X509_free(certificate); }

Result<Certificate> Certificate::from_der(std::string_view der) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* at = begin;
  Certificate result;
  result.certificate_.reset(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!result.certificate_ || at != begin + der.size()) return fail(Errc::invalid, "not a certificate");
  result.der_ = der;
  return result;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  if (!pem.starts_with("-----BEGIN CERTIFICATE-----")) return fail(Errc::invalid, "not a certificate in PEM");
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  Certificate result;
  if (bio) result.certificate_.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  unsigned char* der = nullptr;
  const int length = result.certificate_ ? i2d_X509(result.certificate_.get(), &der) : 0;
  if (length <= 0) return fail(Errc::invalid, "not a certificate in PEM");
  result.der_.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return result;
}

Result<PublicKey> Certificate::public_key() const {
  EVP_PKEY* key = X509_get_pubkey(certificate_.get());
  ERR_clear_error();
  if (key == nullptr) return fail(Errc::integrity, "the certificate's key is damaged");
  return PublicKey::adopt(key);
}

Result<std::string> Certificate::subject() const {
  const std::unique_ptr<GENERAL_NAMES, FreeStack> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate_.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  if (!names) return fail(Errc::integrity, "the certificate names no subject (subjectAltName)");
  if (sk_GENERAL_NAME_num(names.get()) != 1) {
    return fail(Errc::integrity, "the certificate names {} subjects", sk_GENERAL_NAME_num(names.get()));
  }
  const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type != GEN_URI && name->type != GEN_EMAIL) {
    return fail(Errc::unsupported, "the certificate's subject is neither a URI nor an e-mail address");
  }
  std::string subject = text_of(name->d.ia5);
  if (subject.empty() || subject.find('\0') != std::string::npos) {
    return fail(Errc::integrity, "the certificate's subject is empty or holds NUL");
  }
  return subject;
}

Result<std::string> Certificate::issuer() const {
  auto encoded = extension(certificate_.get(), issuer_oid);
  if (!encoded) return fail(std::move(encoded.error()));
  auto old = extension(certificate_.get(), old_issuer_oid);
  if (!old) return fail(std::move(old.error()));
  if (!*encoded && !*old) return fail(Errc::integrity, "the certificate names no issuer ({})", issuer_oid);
  if (!*encoded) return std::move(**old);
  auto issuer = decode_utf8_string(**encoded);
  if (issuer && *old && **old != *issuer) {
    return fail(Errc::integrity, "the certificate names two issuers, {} and {}", quote(*issuer), quote(**old));
  }
  return issuer;
}

Result<const Certificate*> verify_chain(const Certificate& leaf, const AuthorityChain& authority, std::int64_t time) {
  if (authority.empty()) return fail(Errc::integrity, "an authority without certificates");
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  const std::unique_ptr<STACK_OF(X509), FreeStack> between(sk_X509_new_null());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
  if (!store || !between || !context) return fail(Errc::failed, "OpenSSL is out of memory");
  X509_STORE_add_cert(store.get(), authority.back().get());
  for (std::size_t i = 0; i + 1 < authority.size(); ++i) sk_X509_push(between.get(), authority[i].get());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), between.get());
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, time);
  X509_VERIFY_PARAM_set_auth_level(parameters, 2);  // 112 bits: neither SHA-1 nor short keys
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!good) {
    return fail(Errc::integrity, "{}", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
  if (auto usage = require_code_signing(chain); !usage) return fail(std::move(usage.error()));
  if (sk_X509_num(chain) < 2) return fail(Errc::integrity, "the certificate is the authority's own");
  const X509* parent = sk_X509_value(chain, 1);
  for (const Certificate& candidate : authority) {
    if (X509_cmp(candidate.get(), parent) == 0) return &candidate;
  }
  return fail(Errc::integrity, "the certificate's issuer is not of the authority");
}

}  // namespace schedkit
