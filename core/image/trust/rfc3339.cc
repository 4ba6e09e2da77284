#include "core/image/trust/rfc3339.h"

#include <ctime>

#include "core/base/text.h"

namespace schedkit {
namespace {

// "Z", "+01:00", "-0530" is none. Seconds east of Greenwich.
Result<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':') {
    const auto hours = parse_unsigned(text.substr(1, 2));
    const auto minutes = parse_unsigned(text.substr(4));
    if (hours && minutes && *hours < 24 && *minutes < 60) {
      const auto seconds = static_cast<std::int64_t>(*hours * 3600 + *minutes * 60);
      return text[0] == '-' ? -seconds : seconds;
    }
  }
  return fail(Errc::invalid, "no time zone");
}

}  // namespace

Result<std::int64_t> parse_rfc3339(std::string_view text) {
  constexpr std::size_t date_and_time = 19;  // 2021-03-07T03:20:29
  const auto bad = [&] { return fail(Errc::invalid, "{} is not a time as in 2026-01-02T03:04:05Z", quote(text, 64)); };
  std::tm parts{};
  const std::string head(text.substr(0, date_and_time));
  const char* end = ::strptime(head.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (head.size() != date_and_time || end == nullptr || *end != '\0') return bad();
  std::string_view rest = text.substr(date_and_time);
  if (rest.starts_with('.')) {
    const auto digits_end = rest.find_first_not_of("0123456789", 1);
    if (digits_end == 1 || digits_end == std::string_view::npos) return bad();
    rest.remove_prefix(digits_end);
  }
  const auto offset = parse_offset(rest);
  if (!offset) return bad();
  return static_cast<std::int64_t>(::timegm(&parts)) - *offset;
}

std::string format_rfc3339(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  char text[64];
  if (::gmtime_r(&time, &parts) == nullptr) return "";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace schedkit
