#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

int version(const Session& session, const std::string& output) {
  const bool json = output == "json";
  if (!json && !print("schedctl " SCHEDKIT_VERSION "\n")) return exit_failed;
  return with_daemon(session, [json](Client& client) -> int {
    const auto version = client.daemon_version();
    if (!version) return failed(client, version.error());
    const std::string text =
        json ? nlohmann::ordered_json{{"schedctl", SCHEDKIT_VERSION}, {"schedkitd", *version}}.dump(2, ' ', true) + "\n"
             : "schedkitd " + bus::printable(*version) + "\n";
    return print(text) ? exit_done : exit_failed;
  });
}

}  // namespace

void add_version(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("version", "Show the versions of schedctl and of the running daemon");
  verb->footer("Examples:\n  schedctl version\n  schedctl --version   # without asking the daemon");
  auto output = std::make_shared<std::string>("text");  // CLI11 keeps a reference to it as long as the callback lives
  add_output(*verb, *output);
  verb->callback([&session, output] { session.action = [&session, output] { return version(session, *output); }; });
}

}  // namespace schedkit
