#include "core/image/flatten.h"

#include <utility>

#include "core/base/text.h"
#include "core/image/hasher.h"
#include "core/image/inflate.h"
#include "core/image/read_ahead.h"

namespace schedkit {
namespace {

// Counts what passes, so that one budget covers all layers.
class CountingSource final : public ByteSource {
 public:
  explicit CountingSource(ByteSource& source) : source_(source) {}
  Result<std::size_t> read(char* buffer, std::size_t size) override {
    auto got = source_.read(buffer, size);
    if (got) total_ += *got;
    return got;
  }
  std::uint64_t total() const { return total_; }

 private:
  ByteSource& source_;
  std::uint64_t total_ = 0;
};

Result<void> apply_layer(Unpacker& unpacker, BlobSource& blobs, const Descriptor& layer, const Digest& diff_id,
                         const ImageLimits& limits, std::uint64_t& budget) {
  auto type = layer_type(layer.media_type);
  if (!type) return fail(std::move(type.error()));
  auto blob = blobs.open_blob(layer);
  if (!blob) return fail(std::move(blob.error()));
  auto inflated = inflate_source(**blob, *type, budget, limits, layer.digest.to_string());
  if (!inflated) return fail(std::move(inflated.error()));
  CountingSource counted(**inflated);
  // Inflating, hashing and writing files take about as long: each has a thread.
  ReadAhead inflating(counted);
  HashingSource hashed(inflating, diff_id.algorithm);
  {
    ReadAhead hashing(hashed);
    if (auto applied = unpacker.layer(hashing); !applied) return applied;
  }
  auto actual = hashed.finish();
  if (!actual) return fail(std::move(actual.error()));
  if (*actual != diff_id) {
    return fail(Errc::integrity, "unpacks to {}, the config says {}", actual->to_string(), diff_id.to_string());
  }
  budget -= counted.total();
  return {};
}

}  // namespace

Result<std::vector<std::string>> flatten_image(BlobSource& blobs, const LoadedImage& image, const std::string& rootfs,
                                               const ImageLimits& limits, UnpackOptions options) {
  auto unpacker = Unpacker::open(rootfs, limits, options);
  if (!unpacker) return fail(std::move(unpacker.error()));
  std::uint64_t budget = limits.unpacked_bytes;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const Descriptor& layer = image.manifest.layers[i];
    auto applied = apply_layer(*unpacker, blobs, layer, image.config.diff_ids.at(i), limits, budget);
    if (!applied) return fail(with_context(std::move(applied.error()), fmt::format("layer {}", i + 1)));
  }
  if (auto finished = unpacker->finish(); !finished) return fail(std::move(finished.error()));
  return unpacker->warnings();
}

}  // namespace schedkit
