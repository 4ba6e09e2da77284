// The JSON and header values of registries and token servers; a token must never break out of its header.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/image/registry/answers.h"
#include "core/image/registry/credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedkit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto token = parse_token(text, WallTime{})) {
    if (token->token.find_first_of("\r\n") != std::string::npos) std::abort();
  }
  if (const auto tags = parse_tags(text)) {
    for (const auto& tag : *tags) {
      if (tag.empty() || tag.find_first_of("/\r\n@:") != std::string::npos) std::abort();
    }
  }
  (void)error_of_answer(500, text, "x");
  (void)next_link({text});
  (void)parse_content_range(text);
  (void)parse_warnings({text});
  (void)find_credentials(text, "auth.json", "host", "a/b");
  (void)parse_helper_answer(text);
  return 0;
}
