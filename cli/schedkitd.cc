// schedkitd: the daemon. See docs/architecture.md for the parts and design of the flow.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdlib>

#include "cli/daemon.h"
#include "core/base/log.h"
#include "core/base/log_fields.h"
#include "core/bus/journal.h"

using namespace schedkit;

namespace {

constexpr int usage_error = 64;  // sysexits.h, EX_USAGE

// The file this process was started from, by its name: after an upgrade the new one.
std::string own_path() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return {path.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

// Beside us in a build tree, else where it is installed.
std::string guard_path(const std::string& own) {
  const std::string beside = own.substr(0, own.rfind('/')) + "/schedkit-guard";
  return ::access(beside.c_str(), X_OK) == 0 ? beside : SCHEDKIT_LIBEXEC "/schedkit-guard";
}

}  // namespace

int main(int argc, char** argv) {
  DaemonOptions options;
  std::string log_level = "info";
  CLI::App app("Switches sched_ext CPU schedulers as the policies in /etc/schedkit say. Control it with schedctl.");
  add_daemon_options(app, options, log_level);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : usage_error;
  }
  using enum log::Level;
  log::set_level(log_level == "error"     ? error
                 : log_level == "warning" ? warning
                 : log_level == "notice"  ? notice
                 : log_level == "debug"   ? debug
                                          : info);
  if (is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"))) log::set_journal(send_to_journal);
  if (::geteuid() != 0) {
    log::error("schedkitd must run as root: it starts containers and attaches to the kernel");
    return 1;
  }
  ::umask(0022);
  ::signal(SIGPIPE, SIG_IGN);

  options.program = own_path();
  options.arguments.assign(argv, argv + argc);
  options.arguments.front() = options.program;
  options.guard_program = guard_path(options.program);

  Loop loop;
  auto daemon = Daemon::create(loop, options);
  if (!daemon) {
    log::error("{}", daemon.error().describe());
    return 1;
  }
  loop.run();
  return 0;
}
