#include "core/image/inflate.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/image/decoder.h"

namespace schedkit {
namespace {

constexpr int zstd_window_log_max = 27;

class Plain final : public Decoder {
 public:
  Result<std::size_t> decode(CompressedInput& input, char* buffer, std::size_t size) override {
    if (auto filled = input.fill(1); !filled) return fail(std::move(filled.error()));
    const std::size_t count = std::min(size, input.view().size());
    std::memcpy(buffer, input.view().data(), count);
    input.consume(count);
    return count;
  }
};

class Zstd final : public Decoder {
 public:
  Zstd() : context_(ZSTD_createDCtx()) {
    if (context_) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
  }

  Result<std::size_t> decode(CompressedInput& input, char* buffer, std::size_t size) override {
    if (!context_) return fail(Errc::failed, "zstd cannot start");
    ZSTD_outBuffer out{buffer, size, 0};
    for (;;) {
      if (auto filled = input.fill(1); !filled) return fail(std::move(filled.error()));
      const std::string_view data = input.view();
      ZSTD_inBuffer in{data.data(), data.size(), 0};
      if (data.empty() && remaining_ == 0) return 0;
      const std::size_t before = remaining_;
      remaining_ = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(remaining_)) {
        return fail(Errc::invalid, "damaged zstd data: {}", ZSTD_getErrorName(remaining_));
      }
      input.consume(in.pos);
      if (out.pos > 0) return out.pos;
      if (data.empty() && before != 0) return fail(Errc::invalid, "zstd data ends early");
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::size_t remaining_ = 0;  // 0 between frames
};

class Inflater final : public ByteSource {
 public:
  Inflater(ByteSource& source, std::uint64_t budget, const ImageLimits& limits, std::string name)
      : input_(source), budget_(budget), limits_(limits), name_(std::move(name)) {}

  Result<void> start(LayerType type);

  Result<std::size_t> read(char* buffer, std::size_t size) override {
    auto got = decoder_->decode(input_, buffer, size);
    if (!got) return fail(with_context(std::move(got.error()), name_));
    produced_ += *got;
    if (produced_ > budget_) {
      return fail(Errc::limit, "{} unpacks to more than the {} left for this image", name_, format_size(budget_));
    }
    if (produced_ > limits_.ratio_free_bytes && produced_ / limits_.ratio > input_.total()) {
      return fail(Errc::limit, "{} unpacks to more than {} times its size; this is no honest image", name_,
                  limits_.ratio);
    }
    return got;
  }

 private:
  CompressedInput input_;
  std::unique_ptr<Decoder> decoder_;
  std::uint64_t budget_;
  std::uint64_t produced_ = 0;
  ImageLimits limits_;
  std::string name_;
};

std::unique_ptr<Decoder> gzip_decoder() {
#ifdef SCHEDKIT_ISAL
  return isal_decoder();
#else
  return zlib_decoder();
#endif
}

Compression compression_of(std::string_view data) {
  if (data.starts_with("\x1f\x8b")) return Compression::gzip;
  if (data.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  return Compression::none;
}

std::string_view name_of(Compression compression) {
  switch (compression) {
    case Compression::gzip: return "gzip";
    case Compression::zstd: return "zstd";
    case Compression::none: break;
  }
  return "uncompressed";
}

Result<void> Inflater::start(LayerType type) {
  if (auto filled = input_.fill(4); !filled) return filled;
  const Compression seen = compression_of(input_.view());
  if (type.certain && seen != type.compression) {
    return fail(Errc::invalid, "{} should be {} by its media type, but is {}", name_, name_of(type.compression),
                name_of(seen));
  }
  switch (seen) {
    case Compression::gzip: decoder_ = gzip_decoder(); break;
    case Compression::zstd: decoder_ = std::make_unique<Zstd>(); break;
    case Compression::none: decoder_ = std::make_unique<Plain>(); break;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> inflate_source(ByteSource& source, LayerType type, std::uint64_t budget,
                                                   const ImageLimits& limits, std::string name) {
  auto inflater = std::make_unique<Inflater>(source, budget, limits, std::move(name));
  if (auto started = inflater->start(type); !started) return fail(std::move(started.error()));
  return inflater;
}

}  // namespace schedkit
