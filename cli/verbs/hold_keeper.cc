#include "cli/verbs/hold_keeper.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/text.h"
#include "core/base/unique_fd.h"

namespace schedkit {

namespace {

// Standard input, output and error may be closed; nothing of ours may take their numbers.
void occupy_standard_descriptors() {
  int spare = -1;
  do spare = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  while (spare >= 0 && spare <= STDERR_FILENO);
  UniqueFd closed(spare);
}

void close_others(int one, int other) {
  const auto [low, high] = std::minmax(one, other);
  const std::array<std::pair<int, int>, 2> gaps = {{{STDERR_FILENO + 1, low - 1}, {low + 1, high - 1}}};
  for (const auto& [first, last] : gaps) {
    if (first <= last) ::close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0);
  }
  ::close_range(static_cast<unsigned>(high) + 1, ~0U, 0);
}

void leave_standard_descriptors() {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = STDIN_FILENO; null && fd <= STDERR_FILENO; ++fd) ::dup2(null.get(), fd);
}

// Whether the hold came into force, after a complaint if not.
bool hold(Client& client, const std::string& scheduler, const Client::HoldOptions& options, bool below_override) {
  if (const auto cookie = client.hold(scheduler, options); !cookie) {
    if (cookie.error().code != Errc::cancelled) failed(client, cookie.error());
    return false;
  }
  const auto status = fetch_status(client);
  if (!status) {
    failed(client, status.error());
    return false;
  }
  if (!status->override_by) return true;
  complain(fmt::format("{} stays: {}; `schedctl auto` ends that", quote(status->wanted.choice.name(), 80),
                       status->wanted.reason));
  return below_override;
}

struct Keeper {
  const Session& session;
  const std::string& scheduler;
  const Client::HoldOptions& options;
  bool below_override;
  int told;  // is written to when the hold is in force

  void run() const {
    close_others(options.give_up, told);
    with_daemon(session, [&](Client& client) -> int {
      if (!hold(client, scheduler, options, below_override)) return exit_failed;
      leave_standard_descriptors();
      if (::chdir("/") != 0 || ::write(told, "h", 1) != 1) return exit_failed;
      ::close(told);
      (void)client.wait_for(options.give_up);
      return exit_done;
    });
  }
};

// In a session of its own, and nobody's child: the one in between ends at once.
bool start(const Keeper& keeper) {
  const pid_t between = ::fork();
  if (between < 0) return false;
  if (between == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    keeper.run();
    ::_exit(0);
  }
  while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

bool hears(int fd) {
  char byte = 0;
  ssize_t size = 0;
  while ((size = ::read(fd, &byte, 1)) < 0 && errno == EINTR) {
  }
  return size == 1;
}

}  // namespace

bool keep_hold(const Session& session, const std::string& scheduler, Client::HoldOptions options, bool below_override) {
  occupy_standard_descriptors();
  const UniqueFd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  std::array<int, 2> ends{-1, -1};
  const bool piped = ::pipe2(ends.data(), O_CLOEXEC) == 0;
  const UniqueFd told(ends[0]);
  UniqueFd tell(ends[1]);
  options.give_up = self.get();
  if (!self || !piped || !start({session, scheduler, options, below_override, tell.get()})) {
    complain(fail_errno(errno, "cannot start what keeps the hold").value().describe());
    return false;
  }
  tell.reset();
  return hears(told.get());
}

}  // namespace schedkit
