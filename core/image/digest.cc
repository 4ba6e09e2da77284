#include "core/image/digest.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {
namespace {

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Result<Digest> parse_digest(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const std::size_t digits = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
  if (digits == 0 || hex.size() != digits || !is_lower_hex(hex)) {
    return fail(Errc::invalid,
                "{} is not a digest; expected sha256: with 64 or sha512: with 128 lower-case hexadecimal digits",
                quote(text));
  }
  return Digest{std::string(algorithm), std::string(hex)};
}

}  // namespace schedkit
