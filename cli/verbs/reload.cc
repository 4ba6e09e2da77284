#include <CLI/CLI.hpp>

#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

int reload(Client& client) {
  if (const auto done = client.reload(); !done) return failed(client, done.error());
  return exit_done;
}

}  // namespace

void add_reload(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("reload", "Read the policy files now instead of when they change");
  verb->footer("Examples:\n  schedctl reload\n  schedctl check && schedctl reload");
  on_daemon(*verb, session, reload);
}

}  // namespace schedkit
