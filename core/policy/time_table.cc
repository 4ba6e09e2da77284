#include "core/policy/time_table.h"

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/policy/time_window.h"

namespace schedkit {

// What is known of a window that was there before is kept, so that timers between then and the next look see it.
void TimeTable::watch(std::vector<Watched<TimeCondition>> conditions) {
  struct Known {
    bool holds;
    std::optional<Instant> deadline;
  };
  std::map<TimeCondition, Known> known;
  for (std::uint32_t number = 0; number < entries_.size(); ++number) {
    if (std::ranges::count(fresh_, number) > 0) continue;
    known[entries_[number].watched.condition] = {inside_[number], deadlines_.of(number)};
  }
  entries_.clear();
  fresh_.clear();
  inside_.clear();
  deadlines_.clear_all();
  for (auto& watched : conditions) {
    const auto number = static_cast<std::uint32_t>(entries_.size());
    Entry entry{std::move(watched), std::nullopt};
    if (!entry.watched.condition.zone.empty()) {
      if (auto zone = TimeZone::load(entry.watched.condition.zone)) entry.zone = std::move(*zone);
    }
    const auto before = known.find(entry.watched.condition);
    inside_.push_back(before != known.end() && before->second.holds);
    facts_.set(entry.watched.fact, inside_.back());
    if (before == known.end()) {
      fresh_.push_back(number);
    } else if (before->second.deadline) {
      deadlines_.set(number, *before->second.deadline);
    }
    entries_.push_back(std::move(entry));
  }
}

const TimeZone* TimeTable::zone_of(const Entry& entry) const {
  if (entry.watched.condition.zone.empty()) return &local_;
  return entry.zone ? &*entry.zone : nullptr;
}

void TimeTable::refresh(std::uint32_t number, Instant now) {
  const auto& [condition, fact] = entries_[number].watched;
  const auto* zone = zone_of(entries_[number]);
  deadlines_.clear(number);
  if (!offset_ || zone == nullptr) return;
  inside_[number] = is_inside(condition, *zone, wall(now));
  facts_.set(fact, inside_[number]);
  if (const auto edge = next_edge(condition, *zone, wall(now))) {
    deadlines_.set(number, Instant(edge->time_since_epoch() - *offset_));
  }
}

void TimeTable::clock_set(Duration offset, Instant now) {
  offset_ = offset;
  for (std::uint32_t number = 0; number < entries_.size(); ++number) refresh(number, now);
  fresh_.clear();
}

void TimeTable::zone_changed(const std::string& zone, Instant now) {
  local_ = TimeZone::load(zone).value_or(TimeZone());
  for (std::uint32_t number = 0; number < entries_.size(); ++number) {
    if (entries_[number].watched.condition.zone.empty()) refresh(number, now);
  }
}

void TimeTable::advance(Instant now) {
  while (const auto number = deadlines_.pop_due(now)) refresh(*number, now);
}

void TimeTable::settle(Instant now) {
  for (const auto number : fresh_) refresh(number, now);
  fresh_.clear();
}

void TimeTable::tell(std::vector<PastEvent>& known) const {
  known.push_back({ZoneChanged{local_.name()}});
  if (offset_) known.push_back({ClockSet{*offset_}});
}

FactDetail TimeTable::detail(Fact fact, Instant now) const {
  const auto found = std::ranges::find(entries_, fact, [](const Entry& entry) { return entry.watched.fact; });
  if (found == entries_.end()) return {};
  if (!offset_) return {"the wall clock is not known", {}};
  const auto* zone = zone_of(*found);
  if (zone == nullptr) return {fmt::format("unknown zone {}", found->watched.condition.zone), {}};
  return {fmt::format("it is {} {}", zone->format(wall(now)), zone->name()),
          deadlines_.of(static_cast<std::uint32_t>(found - entries_.begin()))};
}

}  // namespace schedkit
