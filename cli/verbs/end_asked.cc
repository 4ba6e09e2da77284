#include "cli/verbs/end_asked.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

namespace schedkit {

Result<UniqueFd> end_asked_for() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, number);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  UniqueFd fd(::signalfd(-1, &ends, SFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot wait for ^C");
  return fd;
}

}  // namespace schedkit
