#include "core/policy/time_zone.h"

#include <date/tz.h>

#include "core/base/text.h"

namespace schedkit {

namespace {

using Seconds = std::chrono::seconds;

// The local clock's reading as if it were UTC.
date::local_time<Duration> local_of(const date::time_zone* zone, WallTime time) {
  if (zone == nullptr) return date::local_time<Duration>(time.time_since_epoch());
  const auto offset = zone->get_info(std::chrono::floor<Seconds>(time)).offset;
  return date::local_time<Duration>(time.time_since_epoch() + offset);
}

}  // namespace

Result<TimeZone> TimeZone::load(const std::string& name) {
  TimeZone zone;
  if (name.empty() || name == "UTC") return zone;
  try {
    zone.zone_ = date::locate_zone(name);
    (void)zone.zone_->get_info(date::sys_seconds{});  // loads it
    zone.name_ = name;
    return zone;
  } catch (const std::exception&) {
    return fail(Errc::not_found,
                "{} is not a time zone that this machine knows; `timedatectl list-timezones` lists them",
                quote(name, 64));
  }
}

std::int64_t TimeZone::day_of(WallTime time) const {
  return date::floor<date::days>(local_of(zone_, time)).time_since_epoch().count();
}

WallTime TimeZone::at(std::int64_t day, int minutes, bool second) const {
  const date::local_seconds local{date::days(day) + std::chrono::minutes(minutes)};
  if (zone_ == nullptr) return WallTime(local.time_since_epoch());
  return zone_->to_sys(local, second ? date::choose::latest : date::choose::earliest);
}

std::string TimeZone::format(WallTime time) const {
  return date::format("%a %F %T", date::floor<Seconds>(local_of(zone_, time)));
}

}  // namespace schedkit
