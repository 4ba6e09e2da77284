#include "core/image/hasher.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

const EVP_MD* method_of(std::string_view algorithm) {
  if (algorithm == "sha256") return EVP_sha256();
  if (algorithm == "sha512") return EVP_sha512();
  return nullptr;
}

}  // namespace

void Hasher::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Hasher::Hasher(std::string_view algorithm) : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
  const EVP_MD* method = method_of(algorithm);
  good_ = context_ && method != nullptr && EVP_DigestInit_ex(context_.get(), method, nullptr) == 1;
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::string_view bytes) {
  good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
}

Result<Digest> Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned int length = 0;
  good_ = good_ && EVP_DigestFinal_ex(context_.get(), value.data(), &length) == 1;
  if (!good_) return fail(Errc::failed, "OpenSSL cannot compute {}", algorithm_);
  good_ = false;
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", value[i]);
  return Digest{algorithm_, std::move(hex)};
}

Result<Digest> digest_of(std::string_view bytes, std::string_view algorithm) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

Result<std::size_t> HashingSource::read(char* buffer, std::size_t size) {
  auto got = source_.read(buffer, size);
  if (got) hasher_.update({buffer, *got});
  return got;
}

VerifyingSource::VerifyingSource(ByteSource& source, Digest digest, std::uint64_t size, std::string name)
    : source_(source),
      expected_(std::move(digest)),
      size_(size),
      name_(std::move(name)),
      hasher_(expected_.algorithm) {}

Result<std::size_t> VerifyingSource::read(char* buffer, std::size_t size) {
  auto got = source_.read(buffer, size);
  if (!got) return got;
  seen_ += *got;
  if (seen_ > size_) return fail(Errc::integrity, "{} is larger than the {} bytes it should have", name_, size_);
  hasher_.update({buffer, *got});
  if (*got > 0) return got;
  if (seen_ < size_) return fail(Errc::integrity, "{} ends after {} of {} bytes", name_, seen_, size_);
  auto actual = hasher_.finish();
  if (!actual) return fail(std::move(actual.error()));
  if (*actual != expected_) {
    return fail(Errc::integrity, "{} has digest {}, expected {}", name_, actual->to_string(), expected_.to_string());
  }
  return 0;
}

}  // namespace schedkit
