#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "core/base/clock.h"
#include "core/bus/status_text.h"

namespace schedkit {

namespace {

struct Options {
  std::string output = "text";
  std::string which;
};

// The same array as in the status.
int list_json(Client& client) {
  const auto json = client.status();
  if (!json) return failed(client, json.error());
  const auto status = nlohmann::json::parse(*json, nullptr, false);
  const auto strikes = status.is_object() ? status.value("strikes", nlohmann::json::array()) : nlohmann::json::array();
  return print(strikes.dump(2, ' ', true) + "\n") ? exit_done : exit_failed;
}

int list(Client& client, const Options& options) {
  if (options.output == "json") return list_json(client);
  const auto status = fetch_status(client);
  if (!status) return failed(client, status.error());
  std::string text;
  for (const auto& record : status->strikes) {
    text += fmt::format("{:<11} {}\n", record.quarantined ? "quarantined" : "strikes", strike_text(record));
  }
  return print(text.empty() ? "nothing is held against any scheduler\n" : text) ? exit_done : exit_failed;
}

int clear(Client& client, const Options& options) {
  const auto cleared = client.clear_quarantine(options.which);
  if (!cleared) return failed(client, cleared.error());
  if (*cleared == 0 && !options.which.empty()) {
    complain("nothing is held against " + options.which + "; `schedctl quarantine` lists what is");
    return exit_failed;
  }
  const std::string text =
      options.output == "json" ? fmt::format("{{\"cleared\": {}}}\n", *cleared) : fmt::format("{} cleared\n", *cleared);
  return print(text) ? exit_done : exit_failed;
}

}  // namespace

void add_quarantine(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("quarantine", "Show or lift what is held against schedulers that failed");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  const auto list_them = [options](Client& client) { return list(client, *options); };
  add_output(*verb, options->output);
  auto* list_verb = verb->add_subcommand("list", "Show strikes and quarantine (also without `list`)");
  add_output(*list_verb, options->output);
  on_daemon(*list_verb, session, list_them);
  auto* clear_verb = verb->add_subcommand("clear", "Forget them: of one scheduler, or of all");
  add_output(*clear_verb, options->output);
  clear_verb->add_option("which", options->which, "A scheduler's name, its image's digest, or 8 digits of it")
      ->type_name("NAME|DIGEST");
  on_daemon(*clear_verb, session, [options](Client& client) { return clear(client, *options); });
  verb->require_subcommand(0, 1);
  verb->footer("Examples:\n  schedctl quarantine\n  schedctl quarantine clear lavd");
  verb->callback([&session, verb, list_them] {
    if (verb->get_subcommands().empty())
      session.action = [&session, list_them] { return with_daemon(session, list_them); };
  });
}

}  // namespace schedkit
