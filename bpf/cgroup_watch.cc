#include "bpf/cgroup_watch.h"

#include <cstring>
#include <utility>

#include "core/base/text.h"

namespace schedkit {

namespace {

// Between two turns of the loop; more records wait in the ring.
constexpr std::uint32_t most_records = 512;

}  // namespace

CgroupWatch::CgroupWatch(Loop& loop, const Clock& clock, CgroupTree tree)
    : reporter_(std::move(tree)), pacer_(loop, clock, [this] { scan(); }) {}

CgroupWatch::~CgroupWatch() = default;

Result<std::unique_ptr<CgroupWatch>> CgroupWatch::create(Loop& loop, const Clock& clock, CgroupTree tree,
                                                         std::uint32_t ring_size) {
  std::unique_ptr<CgroupWatch> source(new CgroupWatch(loop, clock, std::move(tree)));
  auto object =
      CgroupObject::load([self = source.get()](const cgroups_record& record) { self->receive(record); }, ring_size);
  if (!object) return fail(std::move(object.error()));
  source->object_ = std::move(*object);
  auto watch =
      FdWatch::create(loop, source->object_->ring_fd(), [self = source.get()](FdWatch::Ready) { self->ready(); });
  if (!watch) return fail(std::move(watch.error()));
  source->watch_ = std::move(*watch);
  if (auto attached = source->object_->attach(); !attached) return fail(std::move(attached.error()));
  source->watch_->want_readable();
  return source;
}

Result<void> CgroupWatch::start(const Interests& interests, Sink sink) {
  reporter_.set_sink(std::move(sink));
  return watch(interests);
}

Result<void> CgroupWatch::watch(const Interests& interests) {
  auto filter = cgroup_filter(interests.cgroups);
  if (auto set = object_->set_filter(filter); !set) return set;
  filter_ = std::move(filter);
  reporter_.set_globs(interests.cgroups);
  scan();
  return {};
}

void CgroupWatch::scan() {
  lost_ = object_->lost();
  reporter_.snapshot();
}

void CgroupWatch::ready() {
  ++wakeups_;
  if (auto consumed = object_->consume(most_records); !consumed) trouble_ = consumed.error().text;
  if (object_->lost() != lost_) pacer_.request();
}

void CgroupWatch::receive(const cgroups_record& record) {
  if (record.length <= 1) return;
  if (record.length >= CGROUPS_PATH_SIZE) {
    pacer_.request();  // it may be cut
    return;
  }
  std::string path(record.path, record.length - 1U);
  if (record.generation != object_->generation()) {
    reporter_.changed(path);
  } else if (record.kind == CGROUPS_REMOVED) {
    reporter_.gone(path);
  } else {
    reporter_.seen({std::move(path), record.kind == CGROUPS_POPULATED});
  }
}

SourceStatus CgroupWatch::status() const {
  SourceStatus status;
  status.name = "cgroup-bpf";
  if (!filter_.wide_because.empty()) status.detail = "all cgroups are looked at: " + join(filter_.wide_because, "; ");
  if (!trouble_.empty()) status.detail += (status.detail.empty() ? "" : "\n") + trouble_;
  status.delivered = reporter_.delivered();
  status.lost = object_->lost();
  status.wakeups = wakeups_;
  return status;
}

}  // namespace schedkit
