#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"

namespace schedkit {

void add_loader(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("loader", "Serve org.scx.Loader, as scx_loader does, or no longer");
  auto word = std::make_shared<std::string>();  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_option("switch", *word, "")->required()->check(CLI::IsMember({"on", "off"}))->type_name("on|off");
  verb->footer(
      "`on` fails when another program owns the name. What scx_loader.service of the package schedkit-scx-loader\n"
      "calls.\n\nExamples:\n  schedctl loader on\n  schedctl loader off");
  on_daemon(*verb, session, [word](Client& client) {
    const auto done = client.serve_loader(*word == "on");
    return done ? static_cast<int>(exit_done) : failed(client, done.error());
  });
}

}  // namespace schedkit
