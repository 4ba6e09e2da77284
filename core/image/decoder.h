// One compression format, as a stream: what inflate.h chooses from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/image/byte_source.h"

namespace schedkit {

// The compressed bytes that were fetched and not used yet.
class CompressedInput {
 public:
  static constexpr std::size_t most = 1u << 16;  // of view()

  // `source` must outlive it.
  explicit CompressedInput(ByteSource& source) : source_(source), buffer_(most) {}

  std::string_view view() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }
  // All that was fetched so far.
  std::uint64_t total() const { return total_; }

  // At least `wanted` bytes (up to `most`) unless the source ends before.
  Result<void> fill(std::size_t wanted);

 private:
  ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t total_ = 0;
  bool ended_ = false;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // As ByteSource::read; Errc::invalid for damaged or truncated data.
  virtual Result<std::size_t> decode(CompressedInput& input, char* buffer, std::size_t size) = 0;
};

// gzip with concatenated members (RFC 1952 §2.2) by zlib, which is everywhere, or by ISA-L, which takes a sixth of the time
// and is built for some machines only: unpacking is what a pull waits for. They accept the same (tests/fuzz/inflate_fuzz.cc).
std::unique_ptr<Decoder> zlib_decoder();
#ifdef SCHEDKIT_ISAL
std::unique_ptr<Decoder> isal_decoder();
#endif

}  // namespace schedkit
