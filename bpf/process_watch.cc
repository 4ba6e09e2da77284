#include "bpf/process_watch.h"

#include <cstring>
#include <string_view>

namespace schedkit {

namespace {

// Between two turns of the loop; more records wait in the ring.
constexpr std::uint32_t most_records = 512;

template <std::size_t size>
std::string text_of(const char (&bytes)[size]) {
  return std::string(bytes, ::strnlen(bytes, size));
}

ProcessId id_of(const watch_record& record) { return {static_cast<std::int32_t>(record.pid), record.start_ticks}; }

}  // namespace

ProcessWatch::ProcessWatch(Loop& loop, const Clock& clock) : pacer_(loop, clock, [this] { rescan(); }) {}

ProcessWatch::~ProcessWatch() = default;

Result<std::unique_ptr<ProcessWatch>> ProcessWatch::create(Loop& loop, const Clock& clock,
                                                           const WatchObject::Limits& limits) {
  std::unique_ptr<ProcessWatch> source(new ProcessWatch(loop, clock));
  auto object = WatchObject::load(limits, [self = source.get()](const watch_record& record) { self->receive(record); });
  if (!object) return fail(std::move(object.error()));
  source->object_ = std::move(*object);
  auto watch =
      FdWatch::create(loop, source->object_->ring_fd(), [self = source.get()](FdWatch::Ready) { self->ready(); });
  if (!watch) return fail(std::move(watch.error()));
  source->watch_ = std::move(*watch);
  return source;
}

Result<void> ProcessWatch::start(const Interests& interests, Sink sink) {
  reporter_.set_sink(std::move(sink));
  return watch(interests);
}

Result<void> ProcessWatch::watch(const Interests& interests) {
  const auto& filter = interests.processes;
  if (auto installed = install(filter); !installed) return installed;
  reporter_.set_filter(filter);
  scan();
  return {};
}

Result<void> ProcessWatch::install(const ProcessFilter& filter) {
  if (filter.empty()) {
    object_->detach();
    attached_ = false;
  }
  if (auto set = object_->set_filter(filter); !set) return set;
  if (filter.empty() || attached_) return {};
  if (auto attached = object_->attach(); !attached) return attached;
  attached_ = true;
  watch_->want_readable();
  return {};
}

void ProcessWatch::scan() {
  lost_ = object_->lost();
  reporter_.scan([this](const ProcessId& id) { object_->track(id); });
}

// The same filter as a new generation: what the kernel tracks is built anew from what /proc shows.
void ProcessWatch::rescan() {
  if (auto set = object_->set_filter(reporter_.filter()); !set) {
    trouble_ = set.error().text;
    object_->pass_all();
  }
  scan();
}

void ProcessWatch::ready() {
  ++wakeups_;
  if (auto consumed = object_->consume(most_records); !consumed) trouble_ = consumed.error().text;
  if (object_->lost() != lost_) pacer_.request();
}

void ProcessWatch::receive(const watch_record& record) {
  if (record.kind == WATCH_EXIT) {
    reporter_.ended(id_of(record));
    return;
  }
  if (record.generation != object_->generation()) {
    receive_late(record);
    return;
  }
  if ((record.flags & WATCH_UNTRACKED) != 0) object_->pass_all();
  Process process;
  process.id = id_of(record);
  process.comm = text_of(record.comm);
  process.exe_name = text_of(record.exe_name);
  if (record.exe_length < WATCH_NAME_SIZE) {
    reporter_.changed(std::move(process), record.uid);
  } else {
    reporter_.changed(process.id.pid);  // the name did not fit
  }
  if ((record.flags & WATCH_UNTRACKED) != 0) reporter_.maybe_ended(static_cast<std::int32_t>(record.pid));
}

void ProcessWatch::receive_late(const watch_record& record) {
  const auto pid = static_cast<std::int32_t>(record.pid);
  const auto now = reporter_.reader().glance(pid);
  if (now && is_candidate(reporter_.filter(), *now)) object_->track(now->id);
  reporter_.changed(pid);
}

SourceStatus ProcessWatch::status() const {
  SourceStatus status;
  status.name = "bpf";
  const auto& filter = reporter_.filter();
  if (filter.empty()) status.detail = "no rule looks at processes; nothing is attached";
  for (const auto& reason : filter.wide_because) {
    status.detail += (status.detail.empty() ? "all processes are looked at: " : "; ") + reason;
  }
  if (object_->passes_all()) {
    status.detail += fmt::format("{}more candidates than the kernel side can track, so all processes are looked at",
                                 status.detail.empty() ? "" : "; ");
  }
  if (!trouble_.empty()) status.detail += (status.detail.empty() ? "" : "; ") + trouble_;
  status.delivered = reporter_.delivered();
  status.lost = object_->lost();
  status.wakeups = wakeups_;
  return status;
}

}  // namespace schedkit
