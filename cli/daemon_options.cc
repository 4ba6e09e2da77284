#include "cli/daemon_options.h"

#include <CLI/CLI.hpp>

namespace schedkit {

void add_daemon_options(CLI::App& app, DaemonOptions& options, std::string& log_level) {
  app.set_version_flag("--version", "schedkitd " SCHEDKIT_VERSION);
  app.add_option("--log-level", log_level, "error, warning, notice, info or debug")
      ->check(CLI::IsMember({"error", "warning", "notice", "info", "debug"}))
      ->capture_default_str();
  app.add_option("--run-dir", options.run_dir, "Where the sockets and what runs are kept; gone at boot")
      ->capture_default_str();
  app.add_option("--state-dir", options.state_dir, "In place of the settings' store path");
  app.add_option("--root", options.root, "Prefix of the policy directories");
  app.add_flag("--no-system-bus", options.no_system_bus, "Serve the private socket alone");
}

}  // namespace schedkit
