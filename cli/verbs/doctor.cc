#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "config/directories.h"
#include "config/parse.h"
#include "config/schema.h"
#include "core/base/file.h"
#include "core/sched/doctor/checks.h"

namespace schedkit {

namespace {

// With errors in the file, what could be read of it: `schedctl check` tells about those.
Settings configured_settings() {
  const std::string path = Directories{}.admin + "/" + std::string(settings_file_name);
  const auto text = read_file(path, largest_policy_file);
  const auto parsed =
      text ? parse_text(*text, {std::string(settings_file_name), path, PolicyLayer::admin}) : ParsedText{};
  return parsed.text.settings ? parsed.text.settings->settings : Settings{};
}

int examine(const Session& session, const std::string& output) {
  const auto settings = configured_settings();
  const std::string run_dir = session.socket.substr(0, session.socket.rfind('/'));
  const auto checks = doctor::run_checks(doctor::read_facts({.runtime = settings.runtime_path,
                                                             .run_dir = run_dir,
                                                             .state_dir = settings.store_path,
                                                             .libexec = SCHEDKIT_LIBEXEC}));
  if (!print(output == "json" ? doctor::to_json(checks) : doctor::to_text(checks))) return exit_failed;
  return doctor::summarize(checks).blocking == 0 ? exit_done : exit_failed;
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("doctor", "Check whether this machine can run and switch schedulers");
  auto output = std::make_shared<std::string>("text");  // CLI11 keeps references as long as the callback lives
  add_output(*verb, *output);
  verb->footer(
      "Needs no daemon. Exit code 1: a check of severity error failed.\n\nExamples:\n  schedctl doctor\n  schedctl "
      "doctor -o json | jq .summary");
  verb->callback([&session, output] { session.action = [&session, output] { return examine(session, *output); }; });
}

}  // namespace schedkit
