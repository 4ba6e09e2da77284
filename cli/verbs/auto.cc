#include <CLI/CLI.hpp>

#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

int go_automatic(Client& client) {
  if (const auto done = client.go_automatic(); !done) return failed(client, done.error());
  return report_outcome(client);
}

}  // namespace

void add_auto(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("auto", "Let the rules decide again after `run` or `stop`");
  verb->footer("Examples:\n  schedctl auto\n  schedctl run lavd && make; schedctl auto");
  on_daemon(*verb, session, go_automatic);
}

}  // namespace schedkit
