#include "core/image/trust/proto_fields.h"

#include <limits>

#include "core/base/text.h"
#include "core/image/trust/base64.h"

namespace schedkit {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

void ProtoFields::wrong(const char* key, std::string_view expected) {
  fields_.refuse({Errc::invalid, fmt::format("{}: \"{}\" must be {}", what_, key, expected), {}});
}

std::string ProtoFields::bytes(const char* key) {
  auto bytes = decode_base64(fields_.text(key));
  if (bytes) return std::move(*bytes);
  wrong(key, "base64");
  return {};
}

std::string ProtoFields::hex(const char* key) {
  const std::string text = fields_.text(key);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = i + 1 < text.size() ? digit_of(text[i + 1]) : -1;
    if (high < 0 || low < 0) {
      wrong(key, "lower-case hexadecimal");
      return {};
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::uint64_t ProtoFields::unsigned_number(const char* key) {
  if (!fields_.has(key)) return 0;
  const Json& value = json_.at(key);
  std::uint64_t number = 0;
  bool good = false;
  if (const auto* text = value.get_ptr<const std::string*>()) {
    const auto parsed = parse_unsigned(*text);
    good = parsed.has_value();
    number = parsed.value_or(0);
  } else if (const auto* direct = value.get_ptr<const Json::number_unsigned_t*>()) {
    good = true;
    number = *direct;
  }
  if (good && number <= std::numeric_limits<std::int64_t>::max()) return number;
  wrong(key, "a whole number that is not negative");
  return 0;
}

}  // namespace schedkit
