#include "core/sched/guard/stall_guard.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "core/sched/process_fd.h"

namespace schedkit {

namespace {

constexpr Duration first_pause = std::chrono::seconds(1);
constexpr Duration longest_pause = std::chrono::minutes(1);

// The process id. A session of its own, all signals as at first: what ends the daemon is not for the guard.
Result<std::int32_t> spawn(const std::string& program, const std::string& run_dir, int standard_input) {
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, standard_input, STDIN_FILENO);
  posix_spawnattr_t attributes{};
  ::posix_spawnattr_init(&attributes);
  sigset_t none{};
  sigset_t all{};
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::array<std::string, 3> words{program, "--run-dir", run_dir};
  std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  std::array<char*, 1> environment{nullptr};  // NOTIFY_SOCKET is not for it
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(error, "cannot start " + program);
  return pid;
}

}  // namespace

StallGuard::StallGuard(Loop& loop, StallGuardOptions options, GuardSaid said)
    : loop_(loop), options_(std::move(options)), said_(std::move(said)), again_(loop), pause_(first_pause) {}

StallGuard::~StallGuard() = default;

void StallGuard::configure(const GuardSettings& settings) {
  if (settings_ == settings) return;
  const bool was_enabled = std::exchange(settings_, settings).enabled;
  if (!settings.enabled) {
    send(GuardOrder::quit);
    again_.cancel();
    return;
  }
  if (ready_) return send(GuardOrder::configure);
  if (!was_enabled && !watch_) bring_up();
}

void StallGuard::announce() {
  announced_ = !ready_;
  send(GuardOrder::announce);
}

void StallGuard::bring_up() {
  if (find()) return;
  if (auto started = start(); !started) {
    said_("the stall guard: " + started.error().text, true);
    useless_ = true;
  }
}

// True when one runs, or ran a moment ago.
bool StallGuard::find() {
  const std::string path = options_.run_dir + "/" + std::string(guard_socket_name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  path.copy(address.sun_path, path.size());
  UniqueFd connection(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return false;
  talk_through(std::move(connection));
  return true;
}

Result<void> StallGuard::start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return fail_errno(errno, "cannot make a socket pair");
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  const auto pid = spawn(options_.program, options_.run_dir, theirs.get());
  if (!pid) return fail(pid.error());
  reap_when_ended(*pid);
  talk_through(std::move(ours));
  return {};
}

void StallGuard::reap_when_ended(std::int32_t pid) {
  process_watch_.reset();
  auto process = open_process(pid);
  if (!process) return;
  process_ = std::move(*process);
  auto watch = FdWatch::create(loop_, process_.get(), [this](FdWatch::Ready) {
    (void)reap(process_);
    process_watch_.reset();
  });
  if (!watch) return;
  process_watch_ = std::move(*watch);
  process_watch_->want_readable();
}

void StallGuard::talk_through(UniqueFd connection) {
  ready_ = false;
  connection_ = std::move(connection);
  auto watch = FdWatch::create(loop_, connection_.get(), [this](FdWatch::Ready) { hear(); });
  if (!watch) return gone();
  watch_ = std::move(*watch);
  watch_->want_readable();
}

void StallGuard::hear() {
  GuardWord word;
  const ssize_t size = ::recv(connection_.get(), &word, sizeof(word), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return gone();
  const bool same = text_of(word.version) == options_.version;
  if (!same || size != sizeof(word)) {
    replacing_ = true;
    return send(GuardOrder::quit);
  }
  const std::string text(text_of(word.text));
  switch (word.kind) {
    case GuardWord::ready: return ready(word);
    case GuardWord::useless: useless_ = true; return said_("no stall guard: " + text, true);
    case GuardWord::ejected: return said_("the stall guard: " + text, true);
  }
}

void StallGuard::ready(const GuardWord& word) {
  ready_ = true;
  pause_ = first_pause;
  if (!settings_.enabled) return send(GuardOrder::quit);
  send(GuardOrder::configure);
  if (std::exchange(announced_, false)) send(GuardOrder::announce);
  said_(word.counts_switches != 0 ? "the stall guard is ready"
                                  : "the stall guard is ready, but without BPF it waits at least 5 s",
        false);
}

void StallGuard::gone() {
  watch_.reset();
  connection_.reset();
  const bool was_ready = std::exchange(ready_, false);
  if (!settings_.enabled || useless_) return;
  if (std::exchange(replacing_, false)) return bring_up();
  if (was_ready) said_("the stall guard has ended; starting it again", true);
  again_.set(pause_, [this] { bring_up(); });
  pause_ = std::min(pause_ * 2, longest_pause);
}

void StallGuard::send(GuardOrder::Kind kind) const {
  if (!connection_) return;
  GuardOrder order;
  set_text(order.version, options_.version);
  order.kind = kind;
  order.foreign = settings_.foreign ? 1 : 0;
  order.stall_ns = static_cast<std::uint64_t>(settings_.stall.count());
  (void)!::send(connection_.get(), &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace schedkit
