#include "core/control/sources.h"

#include <span>
#include <utility>

#include "core/base/log.h"

namespace schedkit {

Sources::Sources(TriggerSource& processes, const std::vector<TriggerSource*>& others) {
  entries_.push_back({&processes});
  for (auto* source : others) entries_.push_back({source});
}

Result<void> Sources::start(const Interests& interests, TriggerSource::Sink sink) {
  sink_ = std::move(sink);
  if (auto vital = hand_on(entries_.front(), interests); !vital) return vital;
  for (auto& entry : std::span(entries_).subspan(1)) watch(entry, interests);
  return {};
}

void Sources::watch(const Interests& interests) {
  for (auto& entry : entries_) {
    if (!entry.started || entry.in_force != interests) watch(entry, interests);
  }
}

Result<void> Sources::hand_on(Entry& entry, const Interests& interests) {
  auto taken = entry.started ? entry.source->watch(interests) : entry.source->start(interests, sink_);
  if (!taken) return taken;
  entry.started = true;
  entry.in_force = interests;
  entry.trouble.clear();
  return {};
}

void Sources::watch(Entry& entry, const Interests& interests) {
  const auto taken = hand_on(entry, interests);
  if (taken) return;
  const std::string trouble = taken.error().describe();
  if (std::exchange(entry.trouble, trouble) == trouble) return;
  const auto* const consequence = entry.started ? "watches what it did before" : "watches nothing";
  log::error("trigger source {} {}: {}", entry.source->status().name, consequence, trouble);
}

std::vector<SourceStatus> Sources::status() const {
  std::vector<SourceStatus> all;
  for (const auto& entry : entries_) {
    auto status = entry.source->status();
    if (!entry.trouble.empty()) status.detail += (status.detail.empty() ? "" : "\n") + entry.trouble;
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace schedkit
