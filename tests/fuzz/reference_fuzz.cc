// What is accepted must survive being written and read again, and must not be able to leave a directory or a URL path.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/image/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reference = schedkit::parse_reference(text);
  if (!reference) return 0;
  const auto again = schedkit::parse_reference(reference->to_string());
  if (!again || *again != *reference) std::abort();
  if (reference->path.find("..") != std::string::npos && reference->kind == schedkit::Reference::Kind::registry)
    std::abort();
  if (("/" + reference->path + "/").find("/../") != std::string::npos) std::abort();
  return 0;
}
