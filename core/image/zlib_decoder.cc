#include <zlib.h>

#include <algorithm>

#include "core/image/decoder.h"

namespace schedkit {
namespace {

class ZlibDecoder final : public Decoder {
 public:
  ZlibDecoder() { good_ = ::inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;
  ~ZlibDecoder() override { ::inflateEnd(&stream_); }

  Result<std::size_t> decode(CompressedInput& input, char* buffer, std::size_t size) override {
    if (!good_) return fail(Errc::failed, "zlib cannot start");
    for (;;) {
      if (auto filled = input.fill(1); !filled) return fail(std::move(filled.error()));
      const std::string_view data = input.view();
      if (data.empty() && at_start_) return 0;
      if (data.empty()) return fail(Errc::invalid, "gzip data ends early");
      at_start_ = false;
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
      stream_.avail_in = static_cast<uInt>(data.size());
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1u << 30));
      const uInt room = stream_.avail_out;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      input.consume(data.size() - stream_.avail_in);
      if (result == Z_STREAM_END) {
        at_start_ = true;
        ::inflateReset(&stream_);
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return fail(Errc::invalid, "damaged gzip data");
      }
      if (const uInt out = room - stream_.avail_out; out > 0) return out;
    }
  }

 private:
  z_stream stream_{};
  bool good_ = false;
  bool at_start_ = true;  // of a member
};

}  // namespace

std::unique_ptr<Decoder> zlib_decoder() { return std::make_unique<ZlibDecoder>(); }

}  // namespace schedkit
