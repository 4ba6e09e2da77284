#include "cli/guard_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/file.h"

namespace schedkit {

namespace {

// Four ticks a second wake the guard and its canary: eight wake-ups.
constexpr Duration period = std::chrono::milliseconds(250);

// Without the counter of switches a starved canary is all there is to see, and overload may starve it for a while.
constexpr Duration least_blind_limit = std::chrono::seconds(5);
constexpr Duration default_limit = std::chrono::seconds(1);

// The lowest: every other real-time task of the machine goes first.
constexpr int priority = 1;

Instant now() { return SystemClock().now(); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

}  // namespace

Result<void> GuardProgram::prepare() {
  if (auto claimed = claim(); !claimed) return claimed;
  auto ready = open();
  if (ready) ready = canary_.start();
  if (ready) ready = become_real_time();
  if (!ready) {
    send(GuardWord::useless, ready.error().text);
    return ready;
  }
  configure(default_limit);
  duty_.daemon(static_cast<bool>(daemon_));
  send(GuardWord::ready, "");
  return {};
}

Result<void> GuardProgram::claim() {
  const std::string lock = run_dir_ + "/" + std::string(guard_lock_name);
  auto opened = open_file(lock, O_RDWR | O_CREAT);
  if (!opened) return fail(std::move(opened.error()));
  lock_ = std::move(*opened);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) return fail(Errc::busy, "another guard runs (it holds {})", lock);
  const std::string path = run_dir_ + "/" + std::string(guard_socket_name);
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return fail(Errc::limit, "{} is too long for a socket", path);
  ::unlink(path.c_str());
  listener_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto address = address_of(path);
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(listener_.get(), 4) != 0) {
    return fail_errno(errno, "cannot listen on " + path);
  }
  return {};
}

Result<void> GuardProgram::open() {
  if (auto opened = kernel_.open(); !opened) return opened;
  auto sysrq = open_file("/proc/sysrq-trigger", O_WRONLY);
  if (!sysrq) return fail(with_context(sysrq.error(), "a stalled scheduler cannot be ejected"));
  sysrq_ = std::move(*sysrq);
  if (auto kmsg = open_file("/dev/kmsg", O_WRONLY)) kmsg_ = std::move(*kmsg);
  timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_) return fail_errno(errno, "cannot make a timer");
  if (auto counter = SwitchCounter::attach()) {
    switches_ = *counter;
  } else {
    fmt::print(stderr, "schedkit-guard: {}; a stall must last {} s to be believed\n", counter.error().text,
               std::chrono::duration_cast<std::chrono::seconds>(least_blind_limit).count());
  }
  return {};
}

Result<void> GuardProgram::become_real_time() {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return fail_errno(errno, "cannot lock the guard in memory");
  const sched_param wanted{priority};
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) != 0) {
    return fail_errno(errno, "cannot become a real-time task");
  }
  return {};
}

void GuardProgram::configure(Duration limit) {
  detector_.emplace(period, switches_ ? limit : std::max(limit, least_blind_limit));
}

void GuardProgram::send(GuardWord::Kind kind, std::string_view text) {
  if (!daemon_) return;
  GuardWord word;
  set_text(word.version, SCHEDKIT_VERSION);
  word.kind = kind;
  word.counts_switches = switches_ ? 1 : 0;
  set_text(word.text, text);
  (void)!::send(daemon_.get(), &word, sizeof(word), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void GuardProgram::run() {
  look_at_kernel();
  while (!ending_ && !duty_.ended(now())) {
    pollfd fds[] = {{timer_.get(), POLLIN, 0},
                    {kernel_.uevents(), POLLIN, 0},
                    {listener_.get(), POLLIN, 0},
                    {daemon_.get(), POLLIN, 0}};
    if (::poll(fds, std::size(fds), -1) < 0) continue;
    if (fds[3].revents != 0) hear_daemon();
    if (fds[2].revents != 0) accept_daemon();
    if (fds[1].revents != 0 && kernel_.take_events()) look_at_kernel();
    if (fds[0].revents != 0) tick();
    schedule();
  }
}

void GuardProgram::accept_daemon() {
  UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) return;
  daemon_ = std::move(connection);  // the newest counts
  duty_.daemon(true);
  send(GuardWord::ready, "");
}

void GuardProgram::hear_daemon() {
  GuardOrder order;
  const ssize_t size = ::recv(daemon_.get(), &order, sizeof(order), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    daemon_.reset();
    duty_.daemon(false);
    return look_at_kernel();
  }
  if (size != sizeof(order)) return;
  switch (order.kind) {
    case GuardOrder::configure:
      duty_.watch_foreign(order.foreign != 0);
      configure(Duration(order.stall_ns));
      break;
    case GuardOrder::announce: duty_.announced(now()); break;
    case GuardOrder::quit: ending_ = true; break;
  }
}

void GuardProgram::look_at_kernel() {
  const auto state = kernel_.read();
  if (state != GuardDuty::Kernel::attached) detector_->restart();
  duty_.kernel(state);
}

// Sets the timer if there is something to watch and it is not set.
void GuardProgram::schedule() {
  if (!duty_.watches(now())) {
    if (due_) detector_->restart();
    due_.reset();
    const itimerspec never{};
    ::timerfd_settime(timer_.get(), 0, &never, nullptr);
    return;
  }
  if (due_) return;
  due_ = now() + period;
  const auto at = due_->time_since_epoch().count();
  itimerspec when{};
  when.it_value.tv_sec = at / 1'000'000'000;
  when.it_value.tv_nsec = at % 1'000'000'000;
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void GuardProgram::tick() {
  std::uint64_t expirations = 0;
  if (::read(timer_.get(), &expirations, sizeof(expirations)) != sizeof(expirations) || !due_) return;
  const StallDetector::Tick seen{*due_, now(), canary_.answered(), switches_ ? switches_->value() : 0};
  due_.reset();
  look_at_kernel();
  if (duty_.counts() && detector_->stalled(seen)) eject();
  if (switches_) switches_->begin_tick(++ticks_);
  canary_.wake();
}

// The kernel's own line follows ours: ejecting takes it a few RCU grace periods, and this no time at all.
void GuardProgram::eject() {
  const bool written = ::write(sysrq_.get(), "S", 1) == 1;
  const int error = errno;
  const auto ops = kernel_.ops();
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(detector_->limit()).count();
  char line[256];
  const int prefix = std::snprintf(line, sizeof(line), "<3>%s", guard_log_prefix.data());
  int size = std::snprintf(line + prefix, sizeof(line) - prefix, "%.*s let no ordinary task run for %lld ms; ",
                           static_cast<int>(ops.size()), ops.data(), static_cast<long long>(limit));
  size += std::snprintf(line + prefix + size, sizeof(line) - prefix - size,
                        written ? "ejected" : "it cannot be ejected (error %d)", error);
  const std::string_view text(line, prefix + size);
  (void)!::write(kmsg_.get(), text.data(), text.size());
  send(GuardWord::ejected, text.substr(prefix));
}

}  // namespace schedkit
