#include "cli/verbs/usage.h"

#include <CLI/CLI.hpp>

#include "config/suggest.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

// The command that was understood: the last of the words.
const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.back());
}

std::string command_line(const CLI::App& app) {
  const auto* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : command_line(*parent) + " " + app.get_name();
}

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : app.get_subcommands(nullptr)) {
    if (!verb->get_group().empty()) names.push_back(verb->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string nearest_of(const std::string& word, const std::vector<std::string>& names) {
  return std::string(nearest(word, std::vector<std::string_view>(names.begin(), names.end())));
}

std::string unknown_word(const CLI::App& app, const CLI::App& command, const std::string& word) {
  const bool option = word.starts_with('-');
  std::string near = nearest_of(word, option ? options_of(command) : verbs_of(command));
  // Of `schedctl polcy list`, "list" is understood as a verb of its own.
  if (near.empty()) near = nearest_of(word, option ? options_of(app) : verbs_of(app));
  const auto shown = bus::printable(word, 64);
  if (!near.empty()) return fmt::format("there is no \"{}\"; did you mean \"{}\"?", shown, near);
  if (option || verbs_of(command).empty()) return fmt::format("{} takes no \"{}\"", command_line(command), shown);
  return fmt::format("there is no \"{}\"", shown);
}

}  // namespace

std::string usage_hint(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = deepest(app);
  const auto rest = app.remaining(true);
  const auto is = [&](CLI::ExitCodes code) { return error.get_exit_code() == static_cast<int>(code); };
  const bool verb_missing = is(CLI::ExitCodes::RequiredError) && command.get_require_subcommand_min() > 0 &&
                            command.get_subcommands().empty();
  std::string text;
  if (!rest.empty() && (verb_missing || is(CLI::ExitCodes::ExtrasError))) {
    text = unknown_word(app, command, rest.front());
  } else if (verb_missing) {
    text = "what is to be done? " + join(verbs_of(command), ", ");
  } else {
    const std::string what = error.what();
    text = bus::printable(what.substr(0, what.find('\n')), 400);
  }
  return fmt::format("schedctl: {}\nschedctl: `{} --help` says more\n", text, command_line(command));
}

}  // namespace schedkit
