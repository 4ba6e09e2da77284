// Both gzip decoders make the same of any bytes, however these come in and go out: the same output, or both refuse. The first byte says
// in which pieces.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "core/image/decoder.h"

namespace {

class Pieces final : public schedkit::ByteSource {
 public:
  Pieces(std::string_view bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  schedkit::Result<std::size_t> read(char* buffer, std::size_t size) override {
    const std::size_t count = bytes_.copy(buffer, std::min(size, piece_));
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  std::size_t piece_;
};

// Nothing when it refuses. Beyond a megabyte a bomb is as good as any other.
std::optional<std::string> all_of(schedkit::Decoder& decoder, std::string_view bytes, std::size_t piece) {
  Pieces source(bytes, piece);
  schedkit::CompressedInput input(source);
  std::string out;
  std::string buffer(piece * 3, '\0');
  while (out.size() < (1u << 20)) {
    const auto got = decoder.decode(input, buffer.data(), buffer.size());
    if (!got) return std::nullopt;
    if (*got == 0) return out;
    out.append(buffer, 0, *got);
  }
  return out.substr(0, 1u << 20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] < 128 ? 1 + data[0] : 50'000;
  const auto by_zlib = all_of(*schedkit::zlib_decoder(), bytes, piece);
#ifdef SCHEDKIT_ISAL
  if (all_of(*schedkit::isal_decoder(), bytes, piece) != by_zlib) std::abort();
#endif
  return 0;
}
