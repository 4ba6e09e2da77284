#include "bpf/cgroup_source.h"

#include <sys/stat.h>

#include <utility>

#include "bpf/cgroup_watch.h"
#include "core/source/cgroup_inotify.h"

namespace schedkit {

namespace {

// The inode of the initial cgroup namespace is fixed (PROC_CGROUP_INIT_INO). In any other one the paths that the kernel
// traces begin elsewhere than those we read.
bool in_initial_cgroup_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/cgroup", &status) == 0 && status.st_ino == 0xEFFFFFFBU;
}

}  // namespace

Result<void> CgroupSource::start(const Interests& interests, Sink sink) {
  sink_ = std::move(sink);
  return watch(interests);
}

Result<void> CgroupSource::watch(const Interests& interests) {
  if (interests.cgroups.empty()) {
    if (std::exchange(source_, nullptr)) sink_(CgroupSnapshot{});
    return {};
  }
  if (source_) return source_->watch(interests);
  auto source = best();
  if (!source) return fail(std::move(source.error()));
  if (auto started = (*source)->start(interests, sink_); !started) return started;
  source_ = std::move(*source);
  return {};
}

Result<std::unique_ptr<TriggerSource>> CgroupSource::best() const {
  auto tree = CgroupTree::find(mountinfo_);
  if (!tree) return fail(std::move(tree.error()));
  std::string why = "this is not the initial cgroup namespace";
  if (in_initial_cgroup_namespace()) {
    auto watch = CgroupWatch::create(loop_, clock_, *tree);
    if (watch) return std::unique_ptr<TriggerSource>(std::move(*watch));
    why = watch.error().text;
  }
  return std::unique_ptr<TriggerSource>(std::make_unique<CgroupInotify>(loop_, clock_, std::move(*tree), why));
}

SourceStatus CgroupSource::status() const {
  if (source_) return source_->status();
  return {.name = "cgroup", .detail = "no rule looks at cgroups; nothing is open"};
}

}  // namespace schedkit
