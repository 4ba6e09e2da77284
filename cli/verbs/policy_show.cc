// schedctl policy list, show
#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verbs/policy.h"
#include "config/check_files.h"
#include "config/toml_value.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Node& node) {
  switch (node.type) {
    case Node::Type::string:
    case Node::Type::time: return node.text;
    case Node::Type::integer: return node.integer;
    case Node::Type::real: return node.real;
    case Node::Type::boolean: return node.boolean;
    case Node::Type::array: {
      Json array = Json::array();
      for (const auto& item : node.items) array.push_back(to_json(item));
      return array;
    }
    case Node::Type::table: {
      Json object = Json::object();
      for (const auto& [key, place, value] : node.members) object[key] = to_json(value);
      return object;
    }
  }
  return nullptr;
}

Json to_json(const PolicyItem& item) {
  return {{"id", item.id()},
          {"kind", item.kind == PolicyKind::rule ? "rule" : "scheduler"},
          {"name", item.name},
          {"file", item.file},
          {"line", item.place.line},
          {"layer", to_string(item.layer)},
          {"values", to_json(item.table)}};
}

int print_json(const Json& json) {
  return print(json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n") ? exit_done : exit_failed;
}

std::string text_of(const PolicyItem& item, std::string_view key) {
  const auto* member = item.table.find(key);
  return member != nullptr && member->value.type == Node::Type::string ? member->value.text : "";
}

std::int64_t priority_of(const PolicyItem& item) {
  const auto* member = item.table.find("priority");
  return member != nullptr && member->value.type == Node::Type::integer ? member->value.integer : 100;
}

bool enabled(const PolicyItem& item) {
  const auto* member = item.table.find("enabled");
  return member == nullptr || member->value.type != Node::Type::boolean || member->value.boolean;
}

// Columns as wide as their widest cell.
std::string as_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", bus::printable(row[i]), widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

int list(const PolicyOptions& options) {
  const PolicyFiles files(options.directories());
  auto items = files.items();
  std::ranges::stable_sort(items, std::ranges::greater{}, priority_of);
  const auto report = check_directories(options.directories());
  if (options.output == "json") {
    Json rules = Json::array();
    Json schedulers = Json::array();
    for (const auto& item : items) (item.kind == PolicyKind::rule ? rules : schedulers).push_back(to_json(item));
    return print_json({{"rules", rules}, {"schedulers", schedulers}, {"errors", report.errors()}});
  }
  std::vector<std::vector<std::string>> rules{{"RULE", "USE", "MODE", "PRIORITY", "STATE", "FILE"}};
  std::vector<std::vector<std::string>> schedulers{{"SCHEDULER", "IMAGE", "FILE"}};
  for (const auto& item : items) {
    if (item.kind == PolicyKind::rule) {
      const auto mode = text_of(item, "mode");
      rules.push_back({item.name, text_of(item, "use"), mode.empty() ? "-" : mode, std::to_string(priority_of(item)),
                       enabled(item) ? "enabled" : "disabled", item.file});
    } else {
      schedulers.push_back({item.name, text_of(item, "image"), item.file});
    }
  }
  std::string text = rules.size() > 1 ? as_table(rules) : "no rules\n";
  if (schedulers.size() > 1) text += "\n" + as_table(schedulers);
  if (report.errors() > 0) text += fmt::format("\n{} errors; `schedctl check` shows them\n", report.errors());
  return print(text) ? exit_done : exit_failed;
}

int show_file(const FoundFile& file) {
  if (!file.text) return complain_of(file.text.error());
  return print(*file.text) ? exit_done : exit_failed;
}

int show(const std::string& name, const PolicyOptions& options) {
  const PolicyFiles files(options.directories());
  const auto* file = name.ends_with(".toml") ? files.find_file(name) : nullptr;
  if (file != nullptr && options.output == "text") return show_file(*file);
  if (file != nullptr) {
    Json array = Json::array();
    for (const auto& item : files.items()) {
      if (item.file == file->path) array.push_back(to_json(item));
    }
    return print_json(array);
  }
  const auto item = files.find(name, options.kind());
  if (!item) return complain_of(item.error());
  if (options.output == "json") return print_json(to_json(*item));
  std::string text;
  const auto add = [&](const PolicyItem& shown) {
    const auto* holder = files.find_file(shown.file);
    auto editor = TomlEditor::open(*holder->text, shown.file);
    if (!editor) return;
    text += fmt::format("{}# {}:{}\n{}", text.empty() ? "" : "\n", shown.file, shown.place.line,
                        editor->lines_of(shown.path));
  };
  add(*item);
  const auto use = text_of(*item, "use");
  if (const auto scheduler = files.find(use, PolicyKind::scheduler); item->kind == PolicyKind::rule && scheduler) {
    add(*scheduler);
  }
  return print(text) ? exit_done : exit_failed;
}

}  // namespace

void add_policy_list(CLI::App& policy, Session& session) {
  auto* verb = policy.add_subcommand("list", "List rules by priority, and schedulers, with their files");
  auto options = std::make_shared<PolicyOptions>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  add_root_option(*verb, *options);
  verb->footer(
      "What is written; `schedctl explain` shows what holds now.\n\nExamples:\n  schedctl policy list\n"
      "  schedctl policy list -o json");
  verb->callback([&session, options] { session.action = [options] { return list(*options); }; });
}

void add_policy_show(CLI::App& policy, Session& session) {
  auto* verb = policy.add_subcommand("show", "Show a rule with its scheduler, a scheduler, or a file, as written");
  auto options = std::make_shared<PolicyOptions>();  // CLI11 keeps references to it as long as the callback lives
  auto name = std::make_shared<std::string>();
  verb->add_option("name", *name, "A rule, FILE/RULE, a scheduler, or FILE.toml")->required()->type_name("NAME|FILE");
  add_output(*verb, options->output);
  verb->add_flag("-s,--scheduler", options->scheduler, "NAME is a scheduler");
  add_root_option(*verb, *options);
  verb->footer("Examples:\n  schedctl policy show games\n  schedctl policy show gaming.toml");
  verb->callback([&session, options, name] { session.action = [options, name] { return show(*name, *options); }; });
}

}  // namespace schedkit
