#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/image/manifest.h"
#include "core/image/runnable.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const schedkit::ImageLimits limits;
  if (auto document = schedkit::parse_document(text, "", limits)) {
    if (const auto* index = std::get_if<schedkit::Index>(&*document)) {
      (void)schedkit::choose_entry(index->manifests, {"linux", "amd64", "v3"});
    } else if (std::get<schedkit::Manifest>(*document).layers.size() > limits.layers) {
      std::abort();
    }
  }
  if (auto config = schedkit::parse_config(text, limits)) (void)schedkit::make_runnable(*config, {});
  return 0;
}
