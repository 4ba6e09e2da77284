#include "core/loop/dir_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <set>

#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/timer.h"

namespace schedkit {

namespace {

constexpr std::uint32_t interesting =
    IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

// What one inotify watch is there for.
struct Watched {
  std::string path;
  bool whole = false;           // any entry counts
  std::set<std::string> names;  // entries whose coming or going moves one of our directories
};

// A regular file that was just created is told when its writer closes it; links are complete at once.
bool complete_when_created(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return true;
  return !S_ISREG(status.st_mode) || status.st_nlink > 1;
}

}  // namespace

struct DirWatch::Impl {
  explicit Impl(Loop& used_loop) : loop(used_loop), timer(used_loop) {}

  Result<void> arm();
  void add(const std::string& path, bool whole, const std::string& name);
  void read_events();
  void handle(const inotify_event& event);
  void tell();

  Loop& loop;
  std::vector<std::string> directories;
  std::set<std::string> only;
  Duration debounce{};
  std::function<void()> changed;
  Timer timer;
  UniqueFd inotify;
  std::unique_ptr<FdWatch> watch;  // after inotify: it must go first
  std::map<int, Watched> watches;
  bool rearm = false;
};

void DirWatch::Impl::add(const std::string& path, bool whole, const std::string& name) {
  const int id = ::inotify_add_watch(inotify.get(), path.c_str(), interesting);
  if (id < 0) return;  // it is missing; its parent's watch tells when it comes
  auto& entry = watches[id];
  entry.path = path;
  entry.whole |= whole;
  if (!name.empty()) entry.names.insert(name);
}

// Starts anew with a fresh inotify instance: simpler than mending one, and whatever happens meanwhile is seen by the
// reader, who is told afterwards.
Result<void> DirWatch::Impl::arm() {
  watch.reset();
  watches.clear();
  inotify.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return fail_errno(errno, "cannot watch directories (see fs.inotify.max_user_instances)");
  for (const auto& directory : directories) {
    // From the root down: what appears below a directory after its watch was added is told.
    for (std::size_t slash = 0; slash != std::string::npos;) {
      const auto next = directory.find('/', slash + 1);
      add(slash == 0 ? "/" : directory.substr(0, slash), false, directory.substr(slash + 1, next - slash - 1));
      slash = next;
    }
    add(directory, true, "");
  }
  if (watches.empty()) return fail(Errc::io, "cannot watch any of: {}", fmt::join(directories, ", "));
  auto created = FdWatch::create(loop, inotify.get(), [this](FdWatch::Ready) { read_events(); });
  if (!created) return fail(std::move(created.error()));
  watch = std::move(*created);
  watch->want_readable();
  return {};
}

void DirWatch::Impl::handle(const inotify_event& event) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    rearm = true;
    return;
  }
  const auto found = watches.find(event.wd);
  if (found == watches.end()) return;
  const Watched& entry = found->second;
  if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
    rearm = true;
    return;
  }
  const std::string name = event.len > 0 ? event.name : "";
  if (entry.names.contains(name) && (event.mask & IN_CLOSE_WRITE) == 0) rearm = true;
  if (!entry.whole || (!only.empty() && !only.contains(name))) return;
  if ((event.mask & IN_CREATE) != 0 && !complete_when_created(entry.path + "/" + name)) return;
  tell();
}

void DirWatch::Impl::tell() {
  if (timer.is_set()) return;
  timer.set(debounce, [this] {
    const auto held = changed;  // it may destroy its owner
    held();
  });
}

void DirWatch::Impl::read_events() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::read(inotify.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      handle(*event);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  if (!rearm) return;
  rearm = false;
  tell();
  // Without descriptors there is nothing to wait on but the next try; the reader still sees the present state.
  if (!arm())
    timer.set(std::chrono::seconds(1), [this] {
      rearm = true;
      read_events();
    });
}

DirWatch::DirWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DirWatch::~DirWatch() = default;

Result<std::unique_ptr<DirWatch>> DirWatch::create(Loop& loop, std::vector<std::string> directories, Duration debounce,
                                                   std::function<void()> changed, std::set<std::string> only) {
  auto impl = std::make_unique<Impl>(loop);
  impl->directories = std::move(directories);
  impl->debounce = debounce;
  impl->changed = std::move(changed);
  impl->only = std::move(only);
  if (auto armed = impl->arm(); !armed) return fail(std::move(armed.error()));
  return std::unique_ptr<DirWatch>(new DirWatch(std::move(impl)));
}

}  // namespace schedkit
