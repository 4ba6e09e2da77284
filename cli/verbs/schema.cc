#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "config/json_schema.h"

namespace schedkit {

void add_schema(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("schema", "Print the JSON Schema of policy files, for editors and validators");
  auto settings = std::make_shared<bool>(false);  // CLI11 keeps references to it as long as the callback lives
  verb->add_flag("--settings", *settings, "Of schedkit.toml instead");
  verb->footer("Examples:\n  schedctl schema > policy.schema.json\n  schedctl schema --settings");
  verb->callback([&session, settings] {
    session.action = [settings] {
      return print(json_schema(*settings ? settings_schema : policy_schema)) ? exit_done : exit_failed;
    };
  });
}

}  // namespace schedkit
