#include "cli/man_text.h"

#include "core/base/text.h"

namespace schedkit::man {

namespace {

std::string option_names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return join(names, ", ");
}

std::string usage(const CLI::App& app, const std::string& command) {
  std::string text = "\\fB" + roff(command) + "\\fR";
  bool options = false;
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      const auto name = roff(option->get_type_name()) + (option->get_items_expected_max() > 1 ? "..." : "");
      text += option->get_required() ? " \\fI" + name + "\\fR" : " [\\fI" + name + "\\fR]";
    } else {
      options = options || option != app.get_help_ptr();
    }
  }
  return text + (options ? " [\\fIOPTIONS\\fR]" : "");
}

}  // namespace

std::string roff(std::string_view text) {
  std::string escaped;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if (c == '`' || c == '^' || c == '~') {
      escaped += c == '`' ? "\\(ga" : c == '^' ? "\\(ha" : "\\(ti";
    } else {
      escaped += c;
    }
    line_start = c == '\n';
  }
  return escaped;
}

std::string title(std::string_view name, int section, std::string_view what) {
  return fmt::format(".TH {} {} \"\" \"schedkit " SCHEDKIT_VERSION "\"\n.SH NAME\n{} \\- {}\n", roff(name), section,
                     roff(name), roff(what));
}

std::string term(const std::string& word, const std::string& value, const std::string& text) {
  return fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(word), value.empty() ? "" : " \\fI" + roff(value) + "\\fR",
                     roff(text));
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const auto* option : app.get_options()) {
    const auto value = option->get_items_expected_max() > 0 ? option->get_type_name() : std::string();
    if (option->get_positional()) {
      text += term(value, "", option->get_description());
    } else if (option != app.get_help_ptr()) {
      text += term(option_names(*option), value, option->get_description());
    }
  }
  return text;
}

std::string verb_text(const CLI::App& verb, const std::string& parent) {
  const auto command = parent + " " + verb.get_name();
  std::string text = fmt::format(".SS {}\n{}\n.PP\n{}.\n", roff(command.substr(command.find(' ') + 1)),
                                 usage(verb, command), roff(verb.get_description()));
  text += options_of(verb);
  if (!verb.get_footer().empty()) text += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(verb.get_footer()));
  for (const auto* below : verb.get_subcommands(nullptr)) text += verb_text(*below, command);
  return text;
}

}  // namespace schedkit::man
