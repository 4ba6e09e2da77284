#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace date {
class time_zone;
}

namespace schedkit {

// A zone of the system's tz database, loaded; cheap to copy. Without a name it is UTC. The only user of the date library
// (Debian: libhowardhinnant-date-dev) is time_zone.cc. Rules of a zone beyond the year 2037 are not known to it.
class TimeZone {
 public:
  TimeZone() = default;

  // By its IANA name; "" is UTC. Reads files the first time that a zone is asked for in this program, and never again.
  // Errc::not_found when the machine does not know it.
  static Result<TimeZone> load(const std::string& name);

  // The local day of an instant, in days since 1970-01-01.
  std::int64_t day_of(WallTime time) const;

  // When the local clock of `day` shows `minutes` after midnight, which may be beyond the day's end. A time that the
  // clock skips is the instant of the skip; of a time that comes twice it is the first, or with `second` the second.
  WallTime at(std::int64_t day, int minutes, bool second) const;

  // "Sat 2026-03-28 23:30:00", local.
  std::string format(WallTime time) const;

  const std::string& name() const { return name_; }

 private:
  std::string name_ = "UTC";
  const date::time_zone* zone_ = nullptr;  // UTC; else one that lives as long as the program
};

}  // namespace schedkit
