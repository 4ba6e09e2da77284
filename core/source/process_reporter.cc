#include "core/source/process_reporter.h"

#include <utility>

namespace schedkit {

void ProcessReporter::tell(Event event) {
  ++delivered_;
  sink_(std::move(event));
}

void ProcessReporter::forget(std::int32_t pid) {
  if (const auto known = known_.extract(pid)) tell(ProcessGone{{pid, known.mapped()}});
}

void ProcessReporter::scan(const std::function<void(const ProcessId&)>& claim) {
  reader_.users().forget();  // accounts may have changed since the last one
  ProcessSnapshot snapshot;
  if (!filter_.empty()) snapshot.processes = scan_processes(reader_, filter_, claim);
  known_.clear();
  for (const auto& process : snapshot.processes) known_.emplace(process.id.pid, process.id.start_ticks);
  tell(std::move(snapshot));
}

void ProcessReporter::judge(Process process) {
  const ProcessId id = process.id;
  const auto known = known_.find(id.pid);
  if (known != known_.end() && known->second != id.start_ticks) forget(id.pid);  // the pid has a new owner
  if (!is_candidate(filter_, process)) {
    forget(id.pid);
    return;
  }
  known_[id.pid] = id.start_ticks;
  tell(ProcessSeen{std::move(process)});
}

void ProcessReporter::changed(Process process, std::uint32_t uid) {
  ProcessNeeds needs = filter_.needs;
  needs.user = false;
  if (is_candidate(filter_, process) && needs != ProcessNeeds{}) {
    auto facts = reader_.read(process.id, needs);
    if (!facts) return;  // it has ended already, and its end will be told
    facts->comm = std::move(process.comm);
    facts->exe_name = std::move(process.exe_name);
    process = std::move(*facts);
  }
  if (filter_.needs.user) process.user = reader_.users().name(uid);
  judge(std::move(process));
}

void ProcessReporter::changed(std::int32_t pid) {
  const auto brief = reader_.glance(pid);
  if (!brief) {
    forget(pid);
    return;
  }
  if (!is_candidate(filter_, *brief) || filter_.needs == ProcessNeeds{}) {
    judge(*brief);
    return;
  }
  auto process = reader_.read(pid, filter_.needs);
  if (process) {
    judge(std::move(*process));
  } else {
    forget(pid);
  }
}

void ProcessReporter::ended(const ProcessId& id) {
  const auto known = known_.find(id.pid);
  if (known != known_.end() && known->second == id.start_ticks) forget(id.pid);
}

void ProcessReporter::maybe_ended(std::int32_t pid) {
  const auto known = known_.find(pid);
  if (known != known_.end() && !reader_.alive({pid, known->second})) forget(pid);
}

}  // namespace schedkit
