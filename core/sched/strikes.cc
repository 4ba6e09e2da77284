#include "core/sched/strikes.h"

#include <algorithm>
#include <utility>

namespace schedkit {

namespace {

constexpr std::size_t most_records = 256;  // the oldest that is not quarantined makes room
constexpr std::size_t shortest_digest = 8;

bool names(const std::string& which, const StrikeRecord& record) {
  if (which.empty() || which == record.scheduler || which == record.key.digest) return true;
  const auto hex = record.key.digest.find(':');
  const std::string_view digits = std::string_view(record.key.digest).substr(hex == std::string::npos ? 0 : hex + 1);
  return which.size() >= shortest_digest && (digits.starts_with(which) || record.key.digest.starts_with(which));
}

}  // namespace

Strikes::Strikes(const Clock& clock, std::string kernel, std::function<void()> changed)
    : clock_(clock), kernel_(std::move(kernel)), changed_(std::move(changed)) {}

void Strikes::restore(std::vector<StrikeRecord> records) {
  entries_.clear();
  for (auto& record : records) entries_.push_back({std::move(record), clock_.now()});
}

Duration Strikes::backoff(int count) const {
  Duration wait = options_.backoff_min;
  for (int i = 1; i < count && wait < options_.backoff_max; ++i) wait *= 2;
  return std::min(wait, options_.backoff_max);
}

const StrikeRecord& Strikes::add(const std::string& digest, const std::vector<std::string>& args,
                                 const std::string& scheduler, const std::string& reason) {
  const StrikeKey key{digest, args, kernel_};
  auto found = std::ranges::find(entries_, key, [](const Entry& entry) { return entry.record.key; });
  Entry entry = found == entries_.end() ? Entry{.record = {.key = key}} : std::move(*found);
  if (found != entries_.end()) entries_.erase(found);
  auto& record = entry.record;
  record.scheduler = scheduler;
  record.reason = reason;
  record.at = clock_.wall_now();
  record.quarantined = ++record.count >= options_.limit;
  entry.not_before = clock_.now() + backoff(record.count);
  entries_.push_back(std::move(entry));
  if (entries_.size() > most_records) {
    const auto oldest = std::ranges::find(entries_, false, [](const Entry& e) { return e.record.quarantined; });
    entries_.erase(oldest == std::prev(entries_.end()) || oldest == entries_.end() ? entries_.begin() : oldest);
  }
  changed_();
  return entries_.back().record;
}

void Strikes::forgive(const std::string& digest, const std::vector<std::string>& args) {
  const auto erased = std::erase_if(entries_, [key = StrikeKey{digest, args, kernel_}](const Entry& entry) {
    return entry.record.key == key && !entry.record.quarantined;
  });
  if (erased > 0) changed_();
}

const StrikeRecord* Strikes::find(const std::string& digest, const std::vector<std::string>& args) const {
  const StrikeKey key{digest, args, kernel_};
  const auto found = std::ranges::find(entries_, key, [](const Entry& entry) { return entry.record.key; });
  return found == entries_.end() ? nullptr : &found->record;
}

bool Strikes::quarantined(const std::string& digest, const std::vector<std::string>& args) const {
  const auto* record = find(digest, args);
  return record != nullptr && record->quarantined;
}

Instant Strikes::not_before(const std::string& digest, const std::vector<std::string>& args) const {
  const StrikeKey key{digest, args, kernel_};
  const auto found = std::ranges::find(entries_, key, [](const Entry& entry) { return entry.record.key; });
  return found == entries_.end() ? clock_.now() : found->not_before;
}

std::size_t Strikes::clear(const std::string& which) {
  const auto erased = std::erase_if(entries_, [&](const Entry& entry) { return names(which, entry.record); });
  if (erased > 0) changed_();
  return erased;
}

std::vector<StrikeRecord> Strikes::records() const {
  std::vector<StrikeRecord> all;
  for (const auto& entry : entries_) all.push_back(entry.record);
  return all;
}

std::string Strikes::describe(const StrikeRecord& record) {
  return fmt::format(
      "{} is quarantined after {} strike{} on this kernel (last: {}); `schedctl quarantine clear {}` lifts it",
      record.scheduler, record.count, record.count == 1 ? "" : "s", record.reason, record.scheduler);
}

}  // namespace schedkit
