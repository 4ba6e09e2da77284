#include <isa-l/igzip_lib.h>

#include <algorithm>

#include "core/image/decoder.h"

namespace schedkit {
namespace {

class IsalDecoder final : public Decoder {
 public:
  IsalDecoder() { reset(); }

  Result<std::size_t> decode(CompressedInput& input, char* buffer, std::size_t size) override {
    for (;;) {
      // It gets the checksum of a header (FHCRC) wrong that does not come in one piece.
      if (auto filled = input.fill(at_start_ ? CompressedInput::most : 1); !filled)
        return fail(std::move(filled.error()));
      const std::string_view data = input.view();
      if (data.empty() && at_start_) return 0;
      // RFC 1952 §2.3.1.2: reserved flags must be refused; it does not look at them.
      if (at_start_ && data.size() > 3 && (data[3] & 0xe0) != 0) return fail(Errc::invalid, "damaged gzip data");
      at_start_ = false;
      state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(data.data()));
      state_.avail_in = static_cast<std::uint32_t>(data.size());
      state_.next_out = reinterpret_cast<std::uint8_t*>(buffer);
      const auto room = static_cast<std::uint32_t>(std::min<std::size_t>(size, 1u << 30));
      state_.avail_out = room;
      const int result = ::isal_inflate(&state_);
      input.consume(data.size() - state_.avail_in);
      // Positive: it wants more.
      if (result < ISAL_DECOMP_OK) return fail(Errc::invalid, "damaged gzip data");
      const std::uint32_t out = room - state_.avail_out;
      if (state_.block_state == ISAL_BLOCK_FINISH) {
        at_start_ = true;
        reset();
      } else if (data.empty() && out == 0) {  // without input it may still have had output
        return fail(Errc::invalid, "gzip data ends early");
      }
      if (out > 0) return out;
    }
  }

 private:
  // With ISAL_GZIP it reads and checks header and trailer, and consumes nothing beyond.
  void reset() {
    ::isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  inflate_state state_;
  bool at_start_ = true;  // of a member
};

}  // namespace

std::unique_ptr<Decoder> isal_decoder() { return std::make_unique<IsalDecoder>(); }

}  // namespace schedkit
