#include "core/source/cgroup_inotify.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace schedkit {

CgroupInotify::CgroupInotify(Loop& loop, const Clock& clock, CgroupTree tree, std::string why)
    : loop_(loop), why_(std::move(why)), reporter_(std::move(tree)), pacer_(loop, clock, [this] { rescan(); }) {}

CgroupInotify::~CgroupInotify() = default;

Result<void> CgroupInotify::start(const Interests& interests, Sink sink) {
  reporter_.set_sink(std::move(sink));
  return watch(interests);
}

Result<void> CgroupInotify::watch(const Interests& interests) {
  const auto former = reporter_.globs();
  reporter_.set_globs(interests.cgroups);
  if (auto armed = arm(); !armed) {
    reporter_.set_globs(former);
    return armed;
  }
  return {};
}

// Starts anew with a fresh inotify instance: each directory is watched, then listed, so that nothing is missed.
Result<void> CgroupInotify::arm() {
  UniqueFd inotify;
  std::unique_ptr<FdWatch> watch;
  if (!reporter_.globs().empty()) {
    inotify.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return fail_errno(errno, "cannot watch cgroups (see fs.inotify.max_user_instances)");
    auto created = FdWatch::create(loop_, inotify.get(), [this](FdWatch::Ready) { ready(); });
    if (!created) return fail(std::move(created.error()));
    watch = std::move(*created);
    watch->want_readable();
  }
  watch_ = std::move(watch);
  inotify_ = std::move(inotify);
  watches_.clear();
  too_many_ = false;
  std::vector<CgroupSeen> found;
  if (inotify_) look_at("/", found);
  reporter_.snapshot(std::move(found));
  return {};
}

void CgroupInotify::rescan() {
  if (auto armed = arm(); !armed) trouble_ = armed.error().text;
}

bool CgroupInotify::add(const std::string& path, bool events) {
  if (watches_.size() >= most_watches) {
    too_many_ = true;
    return false;
  }
  const std::string directory = reporter_.tree().directory(path);
  const int id = events ? ::inotify_add_watch(inotify_.get(), (directory + "/cgroup.events").c_str(), IN_MODIFY)
                        : ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_CREATE | IN_DELETE | IN_ONLYDIR);
  if (id < 0) {
    if (errno == ENOSPC) too_many_ = true;
    return false;  // else it is gone, which its parent tells
  }
  watches_.insert_or_assign(id, Watched{path, events});
  return true;
}

void CgroupInotify::look_at(const std::string& path, std::vector<CgroupSeen>& found) {
  std::vector<std::string> left{path};
  while (!left.empty()) {
    const std::string here = std::move(left.back());
    left.pop_back();
    if (any_glob_matches(reporter_.globs(), here)) {
      add(here, true);
      if (auto seen = reporter_.tree().read(here)) found.push_back(std::move(*seen));
    }
    if (!any_glob_enters(reporter_.globs(), here) || !add(here, false)) continue;
    for (const auto& name : reporter_.tree().children(here)) left.push_back(child_cgroup(here, name));
  }
}

void CgroupInotify::ready() {
  ++wakeups_;
  alignas(inotify_event) std::array<char, 16384> buffer;
  const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());  // with more the loop comes back
  for (ssize_t at = 0; at < got;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
      ++lost_;
      pacer_.request();
      return;
    }
    const auto found = watches_.find(event->wd);
    if (found == watches_.end()) continue;
    if ((event->mask & IN_IGNORED) != 0) {
      watches_.erase(found);
    } else if (found->second.events) {
      reporter_.changed(found->second.path);
    } else if ((event->mask & IN_ISDIR) != 0) {
      const std::string path = child_cgroup(found->second.path, event->name);
      if ((event->mask & IN_DELETE) != 0) {
        reporter_.gone(path);
      } else {
        std::vector<CgroupSeen> news;
        look_at(path, news);
        for (auto& cgroup : news) reporter_.seen(std::move(cgroup));
      }
    }
  }
}

SourceStatus CgroupInotify::status() const {
  SourceStatus status;
  status.name = "cgroup-inotify";
  status.detail = why_;
  if (too_many_) {
    status.detail += "\nthere are more cgroups than can be watched (see fs.inotify.max_user_watches)";
  }
  if (!trouble_.empty()) status.detail += "\n" + trouble_;
  status.delivered = reporter_.delivered();
  status.lost = lost_;
  status.wakeups = wakeups_;
  return status;
}

}  // namespace schedkit
