#include "core/policy/time_window.h"

#include <array>

namespace schedkit {

namespace {

// A window of one weekday may fall into a skipped hour twice a year; two weeks later there is one for sure.
constexpr int days_ahead = 21;

bool is_on(const TimeCondition& window, std::int64_t day) {
  const auto weekday = ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday; 0 is Monday
  return (window.days >> weekday & 1) != 0;
}

// First and last instant of the window that starts on `day`.
std::array<WallTime, 2> edges(const TimeCondition& window, const TimeZone& zone, std::int64_t day) {
  const int length = window.end <= window.start ? window.end + 24 * 60 : window.end;
  return {zone.at(day, window.start, false), zone.at(day, length, true)};
}

}  // namespace

bool is_inside(const TimeCondition& window, const TimeZone& zone, WallTime now) {
  const auto today = zone.day_of(now);
  for (const auto day : {today - 1, today}) {
    if (!is_on(window, day)) continue;
    const auto [start, end] = edges(window, zone, day);
    if (start <= now && now < end) return true;
  }
  return false;
}

std::optional<WallTime> next_edge(const TimeCondition& window, const TimeZone& zone, WallTime now) {
  const bool inside = is_inside(window, zone, now);
  const auto today = zone.day_of(now);
  for (auto day = today - 1; day <= today + days_ahead; ++day) {
    if (!is_on(window, day)) continue;
    for (const auto edge : edges(window, zone, day)) {
      if (edge > now && is_inside(window, zone, edge) != inside) return edge;
    }
  }
  return std::nullopt;
}

}  // namespace schedkit
