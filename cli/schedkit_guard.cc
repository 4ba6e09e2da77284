// schedkit-guard: ejects a CPU scheduler that lets no ordinary task run. docs/guard.md; started by schedkitd.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string_view>

#include "cli/guard_program.h"

namespace {

constexpr int usage_error = 64;  // sysexits.h, EX_USAGE

int usage(int status) {
  std::fputs(
      "Usage: schedkit-guard [--run-dir DIR]\n\n"
      "Ejects (SysRq-S) a sched_ext CPU scheduler that lets no ordinary task run. Started by schedkitd, with its\n"
      "connection as standard input; ends when nothing is attached and no schedkitd is there.\n",
      status == 0 ? stdout : stderr);
  return status;
}

schedkit::UniqueFd connection() {
  struct stat kind {};
  if (::fstat(STDIN_FILENO, &kind) != 0 || !S_ISSOCK(kind.st_mode)) return {};
  return schedkit::UniqueFd(STDIN_FILENO);
}

}  // namespace

int main(int argc, char** argv) {
  std::string run_dir = "/run/schedkit";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") return usage(0);
    if (word == "--version") return std::puts("schedkit-guard " SCHEDKIT_VERSION) < 0 ? 1 : 0;
    if (word != "--run-dir" || ++i == argc) return usage(usage_error);
    run_dir = argv[i];
  }
  std::signal(SIGPIPE, SIG_IGN);
  schedkit::GuardProgram guard(run_dir, connection());
  if (const auto ready = guard.prepare(); !ready) {
    fmt::print(stderr, "schedkit-guard: {}\n", ready.error().describe());
    return ready.error().code == schedkit::Errc::busy ? 2 : 1;
  }
  guard.run();
  return 0;
}
