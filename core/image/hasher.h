// Digests of what passes by, by OpenSSL. Apart from digest.h, which schedctl uses: libcrypto doubles the time it starts in.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/image/byte_source.h"
#include "core/image/digest.h"

struct evp_md_ctx_st;

namespace schedkit {

class Hasher {
 public:
  // `algorithm`: that of a Digest.
  explicit Hasher(std::string_view algorithm = "sha256");
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(std::string_view bytes);

  // Once. Errc::failed when OpenSSL refused the algorithm.
  Result<Digest> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::string algorithm_;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool good_ = false;
};

Result<Digest> digest_of(std::string_view bytes, std::string_view algorithm = "sha256");

// Passes `source` through and hashes what went by. `source` must outlive it.
class HashingSource final : public ByteSource {
 public:
  HashingSource(ByteSource& source, std::string_view algorithm) : source_(source), hasher_(algorithm) {}
  Result<std::size_t> read(char* buffer, std::size_t size) override;
  Result<Digest> finish() { return hasher_.finish(); }

 private:
  ByteSource& source_;
  Hasher hasher_;
};

// Passes `source` through; at its end Errc::integrity unless exactly `size` bytes with `digest` went by, and as soon as
// there are more. `source` must outlive it. `name` is for messages.
class VerifyingSource final : public ByteSource {
 public:
  VerifyingSource(ByteSource& source, Digest digest, std::uint64_t size, std::string name);
  Result<std::size_t> read(char* buffer, std::size_t size) override;

 private:
  ByteSource& source_;
  Digest expected_;
  std::uint64_t size_;
  std::uint64_t seen_ = 0;
  std::string name_;
  Hasher hasher_;
};

}  // namespace schedkit
