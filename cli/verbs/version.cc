#include <CLI/CLI.hpp>

#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

int version(const Session& session) {
  if (!print("schedctl " SCHEDKIT_VERSION "\n")) return exit_failed;
  return with_daemon(session, [](Client& client) -> int {
    const auto version = client.daemon_version();
    if (!version) return failed(client, version.error());
    return print("schedkitd " + bus::printable(*version) + "\n") ? exit_done : exit_failed;
  });
}

}  // namespace

void add_version(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("version", "Show the versions of schedctl and of the running daemon");
  verb->footer("Examples:\n  schedctl version\n  schedctl --version   # without asking the daemon");
  verb->callback([&session] { session.action = [&session] { return version(session); }; });
}

}  // namespace schedkit
