#include "tests/core/image/trust/signer.h"

#include <openssl/ct.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "core/base/text.h"
#include "core/image/trust/hash.h"

namespace schedkit::test {
namespace {

using Kind = SigningKey::Kind;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// A fixture that cannot be made is no test.
void require(bool good) {
  if (!good) std::abort();
}

EVP_PKEY* make_key(Kind kind) {
  switch (kind) {
    case Kind::p256: return EVP_EC_gen("P-256");
    case Kind::p384: return EVP_EC_gen("P-384");
    case Kind::p521: return EVP_EC_gen("P-521");
    case Kind::secp256k1: return EVP_EC_gen("secp256k1");
    case Kind::rsa1024: return EVP_RSA_gen(1024);
    case Kind::rsa2048: return EVP_RSA_gen(2048);
    case Kind::ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

template <class Function, class... Args>
std::string der_of(Function encode, Args... args) {
  unsigned char* der = nullptr;
  const int length = encode(args..., &der);
  require(length > 0);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return text;
}

void set_name(X509_NAME* name, const char* common_name) {
  X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, bytes_of("schedkit.test"), -1, -1, 0);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, bytes_of(common_name), -1, -1, 0);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void add_raw(X509* certificate, const char* oid, const std::string& value) {
  ASN1_OBJECT* object = OBJ_txt2obj(oid, 1);
  ASN1_OCTET_STRING* octets = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(octets, bytes_of(value), static_cast<int>(value.size()));
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, object, 0, octets);
  require(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(octets);
  ASN1_OBJECT_free(object);
}

std::string utf8_string(const std::string& text) {
  ASN1_UTF8STRING* string = ASN1_UTF8STRING_new();
  ASN1_STRING_set(string, text.data(), static_cast<int>(text.size()));
  std::string der = der_of(i2d_ASN1_UTF8STRING, string);
  ASN1_UTF8STRING_free(string);
  return der;
}

std::shared_ptr<X509> start(const SigningKey& key, std::int64_t not_before, std::int64_t not_after) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), not_before);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), not_after);
  X509_set_pubkey(certificate.get(), key.get());
  return certificate;
}

std::shared_ptr<X509> make_authority(const SigningKey& key, const char* name, std::int64_t from, X509* issuer,
                                     const SigningKey& issuer_key, const char* constraints) {
  constexpr std::int64_t ten_years = 315'360'000;
  auto certificate = start(key, from, from + ten_years);
  set_name(X509_get_subject_name(certificate.get()), name);
  X509* parent = issuer != nullptr ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent));
  add_extension(certificate.get(), parent, NID_basic_constraints, constraints);
  add_extension(certificate.get(), parent, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate.get(), parent, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) {
    add_extension(certificate.get(), parent, NID_authority_key_identifier, "keyid:always");
    add_extension(certificate.get(), parent, NID_ext_key_usage, "codeSigning");
  }
  require(X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) > 0);
  return certificate;
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// RFC 6962 section 3.2, for a precertificate.
void add_sct(X509* certificate, const SigningKey& issuer_key, const SigningKey& log, const LeafPlan& plan) {
  const std::string tbs = der_of(i2d_re_X509_tbs, certificate);
  const auto milliseconds = static_cast<std::uint64_t>(plan.logged_at) * 1000;
  const std::string message = std::string(2, '\0') + big_endian(milliseconds, 8) + big_endian(1, 2) +
                              *sha256(issuer_key.public_der()) + big_endian(tbs.size(), 3) + tbs + big_endian(0, 2);
  std::string signature = log.sign(message);
  if (plan.spoil_sct) signature.back() = static_cast<char>(signature.back() ^ 1);
  const std::string id = *sha256(log.public_der());
  SCT* sct = SCT_new();
  SCT_set_version(sct, SCT_VERSION_V1);
  SCT_set_log_entry_type(sct, CT_LOG_ENTRY_TYPE_PRECERT);
  SCT_set1_log_id(sct, bytes_of(id), id.size());
  SCT_set_timestamp(sct, milliseconds);
  SCT_set_signature_nid(sct, NID_ecdsa_with_SHA256);
  SCT_set1_signature(sct, bytes_of(signature), signature.size());
  STACK_OF(SCT)* list = sk_SCT_new_null();
  sk_SCT_push(list, sct);
  require(X509_add1_ext_i2d(certificate, NID_ct_precert_scts, list, 0, X509V3_ADD_DEFAULT) == 1);
  SCT_LIST_free(list);
}

}  // namespace

SigningKey::SigningKey(Kind kind) : key_(make_key(kind), EVP_PKEY_free), kind_(kind) { require(key_ != nullptr); }

std::string SigningKey::public_der() const { return der_of(i2d_PUBKEY, key_.get()); }

std::string SigningKey::public_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key_.get());
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(length));
  BIO_free(bio);
  return pem;
}

std::string SigningKey::sign(std::string_view message, const char* digest) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::size_t length = 0;
  require(EVP_DigestSignInit_ex(context, nullptr, kind_ == Kind::ed25519 ? nullptr : digest, nullptr, nullptr,
                                key_.get(), nullptr) == 1);
  require(EVP_DigestSign(context, nullptr, &length, bytes_of(message), message.size()) == 1);
  std::string signature(length, '\0');
  require(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length, bytes_of(message),
                         message.size()) == 1);
  signature.resize(length);
  EVP_MD_CTX_free(context);
  return signature;
}

std::string SigningKey::sign_pss(std::string_view message) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  require(EVP_DigestSignInit(context, &parameters, EVP_sha256(), nullptr, key_.get()) == 1);
  require(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1);
  std::string signature(512, '\0');
  std::size_t length = signature.size();
  require(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length, bytes_of(message),
                         message.size()) == 1);
  signature.resize(length);
  EVP_MD_CTX_free(context);
  return signature;
}

std::string SigningKey::sign_hash(std::string_view sha256) const {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key_.get(), nullptr);
  require(EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
  std::string signature(512, '\0');
  std::size_t length = signature.size();
  require(EVP_PKEY_sign(context, reinterpret_cast<unsigned char*>(signature.data()), &length, bytes_of(sha256),
                        sha256.size()) == 1);
  signature.resize(length);
  EVP_PKEY_CTX_free(context);
  return signature;
}

Authority::Authority(std::int64_t valid_from)
    : root_(make_authority(root_key_, "root", valid_from, nullptr, root_key_, "critical,CA:TRUE,pathlen:1")),
      intermediate_(make_authority(intermediate_key_, "intermediate", valid_from, root_.get(), root_key_,
                                   "critical,CA:TRUE,pathlen:0")) {}

std::string Authority::intermediate_der() const { return der_of(i2d_X509, intermediate_.get()); }
std::string Authority::root_der() const { return der_of(i2d_X509, root_.get()); }

std::string Authority::issue(const SigningKey& key, const LeafPlan& plan, const SigningKey* log) const {
  auto leaf = start(key, plan.not_before, plan.not_after);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(intermediate_.get()));
  add_extension(leaf.get(), intermediate_.get(), NID_key_usage, "critical,digitalSignature");
  if (!plan.extended_usage.empty()) {
    add_extension(leaf.get(), intermediate_.get(), NID_ext_key_usage, plan.extended_usage);
  }
  add_extension(leaf.get(), intermediate_.get(), NID_subject_key_identifier, "hash");
  add_extension(leaf.get(), intermediate_.get(), NID_authority_key_identifier, "keyid:always");
  if (!plan.subjects.empty()) {
    add_extension(leaf.get(), intermediate_.get(), NID_subject_alt_name, "critical," + join(plan.subjects, ","));
  }
  if (!plan.old_issuer.empty()) add_raw(leaf.get(), "1.3.6.1.4.1.57264.1.1", plan.old_issuer);
  if (!plan.issuer.empty()) add_raw(leaf.get(), "1.3.6.1.4.1.57264.1.8", utf8_string(plan.issuer));
  // The first signature only fixes the algorithm that the timestamp covers.
  require(X509_sign(leaf.get(), intermediate_key_.get(), EVP_sha256()) > 0);
  if (plan.logged) add_sct(leaf.get(), intermediate_key_, log != nullptr ? *log : log_key_, plan);
  require(X509_sign(leaf.get(), intermediate_key_.get(), EVP_sha256()) > 0);
  return der_of(i2d_X509, leaf.get());
}

std::string certificate_pem(const std::string& der) {
  const unsigned char* at = bytes_of(der);
  X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(length));
  BIO_free(bio);
  X509_free(certificate);
  return pem;
}

}  // namespace schedkit::test
