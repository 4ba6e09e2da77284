#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

struct Options {
  std::string rule;
  std::string output = "text";
};

int explain(Client& client, const Options& options) {
  const auto text = client.explain(options.rule, options.output);
  if (!text) return failed(client, text.error());
  return print(*text) ? exit_done : exit_failed;
}

}  // namespace

void add_explain(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("explain", "Show every rule as it ranks now and why it holds or not");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("rule", options->rule, "Only this one")->type_name("FILE/RULE|RULE");
  add_output(*verb, options->output);
  verb->footer("Examples:\n  schedctl explain\n  schedctl explain gaming.toml/games -o json");
  on_daemon(*verb, session, [options](Client& client) { return explain(client, *options); });
}

}  // namespace schedkit
