// Whatever a server wants to see: no crash, and nothing that was not in the text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/image/registry/challenge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& challenge : schedkit::parse_challenges({text})) {
    if (challenge.scheme.empty() || challenge.scheme.size() > size) std::abort();
    for (const auto& [name, value] : challenge.parameters) {
      if (name.empty() || name.size() + value.size() > size) std::abort();
    }
  }
  return 0;
}
