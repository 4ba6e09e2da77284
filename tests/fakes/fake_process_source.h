// A source of processes that a test makes begin and end by hand. Like the real ones it tells only of candidates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/policy/trigger_source.h"

namespace schedkit::fakes {

class FakeProcessSource final : public TriggerSource {
 public:
  Result<void> start(const Interests& interests, Sink sink) override {
    if (start_error) return fail(*start_error);
    filter = interests.processes;
    sink_ = std::move(sink);
    scan();
    return {};
  }
  Result<void> watch(const Interests& interests) override {
    ++filter_changes;
    if (filter_error) return fail(*filter_error);
    filter = interests.processes;
    scan();
    return {};
  }
  SourceStatus status() const override { return {"fake", "for tests", delivered_, 0, delivered_}; }

  void begin(std::int32_t pid, const std::string& name) {
    Process process;
    process.id = {pid, 1};
    process.comm = process.exe_name = name;
    process.exe = "/usr/bin/" + name;
    running_[pid] = process;
    if (filter.admits(name)) tell(ProcessSeen{process});
  }
  void end(std::int32_t pid) {
    const auto ended = running_.extract(pid);
    if (!ended.empty() && filter.admits(ended.mapped().comm)) tell(ProcessGone{ended.mapped().id});
  }

  ProcessFilter filter;
  int filter_changes = 0;
  std::optional<Error> start_error;
  std::optional<Error> filter_error;

 private:
  void scan() {
    ProcessSnapshot snapshot;
    for (const auto& [pid, process] : running_) {
      if (filter.admits(process.comm)) snapshot.processes.push_back(process);
    }
    tell(snapshot);
  }
  void tell(const Event& event) {
    if (!sink_) return;
    ++delivered_;
    sink_(event);
  }

  std::map<std::int32_t, Process> running_;
  Sink sink_;
  std::uint64_t delivered_ = 0;
};

}  // namespace schedkit::fakes
