#pragma once

#include <optional>
#include <vector>

#include "core/policy/deadlines.h"
#include "core/policy/event.h"
#include "core/policy/facts.h"
#include "core/policy/time_zone.h"

namespace schedkit {

// Which windows now is in. Until the wall clock is known, none.
class TimeTable {
 public:
  explicit TimeTable(Facts& facts) : facts_(facts) {}

  // Replaces the conditions; new ones are looked at by the next settle().
  void watch(std::vector<Watched<TimeCondition>> conditions);

  void clock_set(Duration offset, Instant now);
  void zone_changed(const std::string& zone, Instant now);

  std::optional<Instant> next() const { return deadlines_.next(); }
  void advance(Instant now);
  void settle(Instant now);

  FactDetail detail(Fact fact, Instant now) const;

  // Appends what a new table must hear to know the same.
  void tell(std::vector<PastEvent>& known) const;

 private:
  struct Entry {
    Watched<TimeCondition> watched;
    std::optional<TimeZone> zone;  // its own; none: it has none, or one that nobody knows (then it never holds)
  };

  const TimeZone* zone_of(const Entry& entry) const;
  void refresh(std::uint32_t number, Instant now);
  WallTime wall(Instant now) const { return WallTime(now.time_since_epoch() + *offset_); }

  Facts& facts_;
  std::vector<Entry> entries_;
  std::vector<bool> inside_;          // parallel to entries_
  std::vector<std::uint32_t> fresh_;  // of entries_: not looked at yet
  Deadlines deadlines_;               // by place in entries_
  std::optional<Duration> offset_;    // of wall time from the monotonic clock
  TimeZone local_;
};

}  // namespace schedkit
