// Whatever a layer holds, nothing may appear beside the directory it is unpacked to.
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "core/image/unpack.h"

namespace {

class Bytes final : public schedkit::ByteSource {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  schedkit::Result<std::size_t> read(char* buffer, std::size_t size) override {
    const std::size_t count = std::min(size, size_);
    if (count > 0) std::memcpy(buffer, data_, count);
    data_ += count;
    size_ -= count;
    return count;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string base = (std::filesystem::temp_directory_path() / "schedkit-fuzz-XXXXXX").string();
  if (::mkdtemp(base.data()) == nullptr) std::abort();
  std::filesystem::create_directory(base + "/rootfs");
  schedkit::ImageLimits limits;
  limits.unpacked_bytes = 1u << 20;
  if (auto unpacker = schedkit::Unpacker::open(base + "/rootfs", limits)) {
    Bytes tar(data, size);
    if (unpacker->layer(tar)) (void)unpacker->finish();
  }
  std::size_t beside = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(base)) ++beside;
  if (beside != 1) std::abort();
  std::filesystem::remove_all(base);
  return 0;
}
