#include "core/image/trust/public_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/image/hasher.h"

namespace schedkit {
namespace {

constexpr int least_rsa_bits = 2048;
constexpr int most_rsa_bits = 8192;  // a check of more takes too long

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string curve_of(evp_pkey_st* key) {
  std::array<char, 64> name{};
  std::size_t length = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), &length) != 1)
    return "";
  return {name.data(), length};
}

// The digests that tools have used with the key's kind; empty for a kind that is not accepted. cosign's older versions
// took SHA-256 for every curve.
std::vector<const EVP_MD*> digests_of(evp_pkey_st* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return {EVP_sha256()};
    case EVP_PKEY_ED25519: return {nullptr};
    case EVP_PKEY_EC: {
      const std::string curve = curve_of(key);
      if (curve == "prime256v1") return {EVP_sha256()};
      if (curve == "secp384r1") return {EVP_sha384(), EVP_sha256()};
      if (curve == "secp521r1") return {EVP_sha512(), EVP_sha256()};
      return {};
    }
    default: return {};
  }
}

Result<void> require_usable(evp_pkey_st* key) {
  if (digests_of(key).empty()) {
    return fail(Errc::unsupported, "keys of this kind are not accepted; use ECDSA P-256, P-384, P-521, RSA or Ed25519");
  }
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && (bits < least_rsa_bits || bits > most_rsa_bits)) {
    return fail(Errc::unsupported, "an RSA key of {} bits; it must have {} to {}", bits, least_rsa_bits, most_rsa_bits);
  }
  return {};
}

bool verify_with(evp_pkey_st* key, const EVP_MD* digest, std::string_view message, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
}

tl::unexpected<Error> mismatch(const std::string& id) {
  ERR_clear_error();
  return fail(Errc::integrity, "the signature is not one by the key sha256:{}", id);
}

}  // namespace

void PublicKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<PublicKey> PublicKey::adopt(evp_pkey_st* key) {
  PublicKey result;
  result.key_.reset(key);
  if (auto usable = require_usable(key); !usable) return fail(std::move(usable.error()));
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  if (length <= 0) return fail(Errc::failed, "OpenSSL cannot write the key");
  result.der_.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  auto digest = digest_of(result.der_);
  if (!digest) return fail(std::move(digest.error()));
  result.id_ = std::move(digest->hex);
  return result;
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  constexpr std::string_view header = "-----BEGIN PUBLIC KEY-----";
  if (!trim(pem).starts_with(header)) {
    return fail(Errc::invalid, "not a public key in PEM; it must begin with {}", header);
  }
  if (pem.find("-----BEGIN", pem.find(header) + 1) != std::string_view::npos) {
    return fail(Errc::invalid, "more than one PEM block; write one key to a file");
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  evp_pkey_st* key = bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr;
  ERR_clear_error();
  if (key == nullptr) return fail(Errc::invalid, "a damaged public key, or one of a kind unknown here");
  return adopt(key);
}

Result<PublicKey> PublicKey::from_der(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  evp_pkey_st* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  ERR_clear_error();
  if (key == nullptr) return fail(Errc::invalid, "a damaged public key, or one of a kind unknown here");
  if (at != bytes_of(der) + der.size()) {
    EVP_PKEY_free(key);
    return fail(Errc::invalid, "bytes follow the public key");
  }
  return adopt(key);
}

bool PublicKey::is_ed25519() const { return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519; }

Result<void> PublicKey::verify(std::string_view message, std::string_view signature) const {
  for (const EVP_MD* digest : digests_of(key_.get())) {
    if (verify_with(key_.get(), digest, message, signature)) return {};
  }
  return mismatch(id_);
}

Result<void> PublicKey::verify_sha256(std::string_view sha256, std::string_view signature) const {
  if (is_ed25519()) {
    return fail(Errc::unsupported, "an Ed25519 signature of a digest cannot be checked; sign with ECDSA P-256");
  }
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(key_.get(), nullptr),
                                                                            EVP_PKEY_CTX_free);
  const bool good =
      context && EVP_PKEY_verify_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
      EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), bytes_of(sha256), sha256.size()) == 1;
  if (good) return {};
  return mismatch(id_);
}

}  // namespace schedkit
