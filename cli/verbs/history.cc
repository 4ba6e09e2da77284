#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "core/bus/history_json.h"

namespace schedkit {

namespace {

struct Options {
  std::string output = "text";
  std::uint32_t count = 20;
};

int history(Client& client, const Options& options) {
  const auto json = client.history(options.count);
  if (!json) return failed(client, json.error());
  if (options.output == "json") return print(*json) ? exit_done : exit_failed;
  const auto entries = parse_history(*json);
  if (!entries) return failed(client, entries.error());
  return print(entries->empty() ? "nothing has happened yet\n" : history_text(*entries)) ? exit_done : exit_failed;
}

}  // namespace

void add_history(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("history", "Show what happened to the scheduler, and why");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("-n,--lines", options->count, "How many of the last transitions (20)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  add_output(*verb, options->output);
  verb->footer(
      "Examples:\n  schedctl history -n 5\n  schedctl history -o json | jq '.[] | select(.event == \"failed\")'");
  on_daemon(*verb, session, [options](Client& client) { return history(client, *options); });
}

}  // namespace schedkit
