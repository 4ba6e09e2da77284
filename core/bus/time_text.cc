#include "core/bus/time_text.h"

#include <ctime>

#include <fmt/format.h>

#include "core/base/text.h"

namespace schedkit {

std::string format_time(WallTime time, bool milliseconds) {
  using std::chrono::floor;
  const auto second = floor<std::chrono::seconds>(time);
  const std::time_t seconds = second.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                                 parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (milliseconds) text += fmt::format(".{:03}", floor<std::chrono::milliseconds>(time - second).count());
  return text + "Z";
}

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() != shape.size() + 1 && text.size() != shape.size() + 5) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return std::nullopt;
  }
  const auto number = [text](std::size_t at, std::size_t length) {
    return static_cast<int>(parse_unsigned(text.substr(at, length)).value_or(0));
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1900;
  parts.tm_mon = number(5, 2) - 1;
  parts.tm_mday = number(8, 2);
  parts.tm_hour = number(11, 2);
  parts.tm_min = number(14, 2);
  parts.tm_sec = number(17, 2);
  WallTime time{std::chrono::seconds(::timegm(&parts))};
  const std::string_view rest = text.substr(shape.size());
  if (rest == "Z") return time;
  const auto fraction = parse_unsigned(rest.substr(1, 3));
  if (rest.front() != '.' || rest.back() != 'Z' || !fraction) return std::nullopt;
  return time + std::chrono::milliseconds(*fraction);
}

}  // namespace schedkit
