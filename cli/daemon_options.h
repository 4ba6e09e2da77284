// What schedkitd is told when it is started.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace schedkit {

struct DaemonOptions {
  std::string root;  // prefix of the policy directories, for tests
  std::string run_dir = "/run/schedkit";
  bool no_system_bus = false;
  std::string state_dir;  // empty: as the settings say
  std::string program;    // this program, and its arguments: SIGUSR2 runs it anew
  std::vector<std::string> arguments;
  std::string guard_program;  // schedkit-guard
};

// Its command line; the man page is made of it as well. The last two must outlive `app`.
void add_daemon_options(CLI::App& app, DaemonOptions& options, std::string& log_level);

}  // namespace schedkit
