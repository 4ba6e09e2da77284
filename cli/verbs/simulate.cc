#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "config/check_files.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/bus/event_json.h"

namespace schedkit {

namespace {

constexpr std::size_t largest_script = std::size_t{16} << 20;

struct Options {
  std::string script;
  std::vector<std::string> policies;
  std::string output = "text";
};

int refuse(const Error& error) {
  complain(error.describe());
  return exit_failed;
}

// Reads policy files that a script names, relative to its own directory.
LoadPolicies beside(const std::string& script) {
  const auto slash = script.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : script.substr(0, slash + 1);
  return [directory](const std::vector<std::string>& names) -> Result<Policy> {
    std::vector<std::string> paths;
    for (const auto& name : names) paths.push_back(name.starts_with('/') ? name : directory + name);
    auto checked = check_alone(paths);
    if (!checked.ok()) return fail(Errc::invalid, "{}", trim(checked.text()));
    return std::move(checked.policy);
  };
}

int simulate_script(const Options& options) {
  const CheckReport checked = options.policies.empty() ? check_directories() : check_alone(options.policies);
  if (!checked.ok()) {
    const auto report = checked.text();
    for (const auto line : split(trim(report), '\n')) complain(line);
    return exit_failed;
  }
  const auto text = read_file(options.script, largest_script);
  if (!text) return refuse(text.error());
  const auto steps = parse_event_script(*text, options.script);
  if (!steps) return refuse(steps.error());
  for (const auto& step : *steps) {
    const auto* wait = std::get_if<SimulatedWait>(&step.action);
    if (wait == nullptr || wait->lost == 0) continue;
    complain(fmt::format("{}:{}: {} lines are missing here from the recording", step.where.file, step.where.line,
                         wait->lost));
  }
  const auto outcomes = simulate(checked.policy, *steps, beside(options.script));
  if (!outcomes) return refuse(outcomes.error());
  std::string shown;
  for (const auto& outcome : *outcomes) shown += options.output == "json" ? outcome_json(outcome) : to_text(outcome);
  return print(shown) ? exit_done : exit_failed;
}

}  // namespace

void add_simulate(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("simulate", "Play events against policy files on a clock that does not wait");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("events", options->script, "One JSON object a line, docs/simulate.md")
      ->required()
      ->type_name("EVENTS");
  verb->add_option("policies", options->policies, "Policy files, or directories of them; without any: the machine's")
      ->type_name("FILE|DIR");
  add_output(*verb, options->output);
  verb->footer(
      "Needs neither the daemon nor rights.\n\nExamples:\n  schedctl simulate evening.jsonl\n"
      "  schedctl simulate evening.jsonl gaming.toml -o json");
  verb->callback([&session, options] { session.action = [options] { return simulate_script(*options); }; });
}

}  // namespace schedkit
