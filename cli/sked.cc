// sked: schedkit's Kubernetes adapter.
#include <array>
#include <cstdio>

#include "cli/sked_verbs/sked_verb.h"

int main(int argc, char** argv) {
  using namespace schedkit;
  CLI::App app("Kubernetes adapter of schedkit: SchedPolicy and SchedExt objects become policy files of the node.",
               "sked");
  app.set_version_flag("--version", SCHEDKIT_VERSION);
  app.require_subcommand(1);
  const std::array verbs{add_agent(app),  add_coordinate(app), add_status(app),
                         add_render(app), add_prune(app),      add_sked_man(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 64;
  }
  for (const auto& verb : verbs) {
    if (!verb.command->parsed()) continue;
    const auto done = verb.run();
    if (done) return 0;
    fmt::print(stderr, "sked: {}\n", done.error().describe());
    return 1;
  }
  return 64;
}
