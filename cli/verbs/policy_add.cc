// schedctl policy add
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/verbs/catalog.h"
#include "cli/verbs/policy.h"
#include "cli/verbs/policy_dialog.h"
#include "config/assignment.h"
#include "config/parse.h"
#include "config/schema.h"
#include "config/text_diff.h"
#include "config/toml_value.h"
#include "core/base/text.h"
#include "core/image/reference.h"

namespace schedkit {

namespace {

struct Options : PolicyOptions {
  NewRule rule;
  std::vector<std::string> or_when;
  std::vector<std::string> unless;
  std::string mode;
  std::string priority;
  std::string delay;
  std::string linger;
  std::string image;
  std::string file;
  bool disabled = false;
};

std::optional<std::string> ask_terminal(const std::string& question) {
  fmt::print(stderr, "{}", question);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

// Sets what "KIND.KEY=VALUE" says in a condition's table.
Result<void> add_condition(Node& conditions, const std::string& text) {
  auto assignment = parse_assignment(text, condition_schema);
  if (!assignment) return fail(with_context(std::move(assignment.error()), quote(text, 64)));
  Node* table = &conditions;
  const auto& path = assignment->path;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const auto* key = std::get_if<std::string>(&path[i]);
    if (key == nullptr) return fail(Errc::invalid, "{}: no numbers here; --or-when adds an alternative", text);
    if (table->find(*key) == nullptr) put(*table, *key, Node{});
    table = find(*table, TomlPath{*key});
  }
  put(*table, std::get<std::string>(path.back()), std::move(assignment->value));
  return {};
}

Result<Node> conditions_of(const std::vector<std::string>& all, const std::vector<std::string>& alternatives) {
  Node first;
  for (const auto& text : all) {
    if (auto added = add_condition(first, text); !added) return fail(std::move(added.error()));
  }
  if (alternatives.empty()) return first;
  std::vector<Node> any;
  if (!first.members.empty()) any.push_back(std::move(first));
  for (const auto& text : alternatives) {
    if (auto added = add_condition(any.emplace_back(), text); !added) return fail(std::move(added.error()));
  }
  return toml_array(std::move(any));
}

Result<Node> rule_of(const Options& options) {
  Node rule;
  put(rule, "name", toml_text(options.rule.name));
  put(rule, "use", toml_text(options.rule.use));
  if (options.disabled) put(rule, "enabled", toml_flag(false));
  const std::pair<const char*, const std::string*> plain[] = {
      {"mode", &options.mode}, {"priority", &options.priority}, {"delay", &options.delay}, {"linger", &options.linger}};
  for (const auto& [key, text] : plain) {
    if (text->empty()) continue;
    auto assignment = parse_assignment(fmt::format("{}={}", key, *text), rule_schema);
    if (!assignment) return fail(std::move(assignment.error()));
    put(rule, key, std::move(assignment->value));
  }
  auto when = conditions_of(options.rule.when, options.or_when);
  if (!when) return fail(std::move(when.error()));
  auto unless = conditions_of(options.unless, {});
  if (!unless) return fail(std::move(unless.error()));
  if (when->members.size() + when->items.size() > 0) put(rule, "when", std::move(*when));
  if (!unless->members.empty()) put(rule, "unless", std::move(*unless));
  return rule;
}

// The image behind a name that no policy file defines: the catalogue's, with or without "scx_" before it.
std::string image_from_catalog(const std::string& name) {
  const auto catalog = load_catalog();
  if (!catalog) return "";
  for (const auto& tried : {name, "scx_" + name}) {
    const auto found = catalog->find(tried);
    if (found == catalog->end()) continue;
    const auto reference = parse_reference(found->second);  // fills in the tag that policies must write
    return reference ? reference->to_string() : "";
  }
  return "";
}

// [schedulers.NAME] where it is needed: for --image, or for a name that only the catalogue knows.
Result<void> add_scheduler(TomlEditor& editor, const PolicyFiles& files, const Options& options) {
  const auto& name = options.rule.use;
  auto image = options.image;
  if (image.empty()) {
    const bool known = name == "kernel" || is_image_reference(name) || files.find(name, PolicyKind::scheduler);
    image = known ? "" : image_from_catalog(name);
  }
  if (image.empty()) return {};
  Node table;
  put(table, "image", toml_text(image));
  return editor.add_table({std::string("schedulers"), name}, table);
}

Result<void> add_rule(TomlEditor& editor, const Options& options) {
  auto rule = rule_of(options);
  if (!rule) return fail(std::move(rule.error()));
  const auto* rules = editor.root().find("rules");
  const std::size_t count = rules == nullptr ? 0 : rules->value.items.size();
  return editor.add_table({std::string("rules"), count}, *rule);
}

std::vector<std::string> usable_schedulers(const PolicyFiles& files) {
  std::vector<std::string> names;
  for (const auto& item : files.items()) {
    if (item.kind == PolicyKind::scheduler) names.push_back(item.name);
  }
  if (const auto catalog = load_catalog()) {
    for (const auto& [name, image] : *catalog) names.push_back(name);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  names.emplace_back("kernel");
  return names;
}

Result<OpenFile> open_or_create(const PolicyFiles& files, const Options& options) {
  const auto directories = options.directories();
  const auto path = admin_path(options.file.empty() ? options.rule.name : options.file, directories);
  if (const auto* present = files.find_file(path)) return open_for_change(files, present->path, directories);
  if (const auto* below = files.find_file(std::string(base_name(path)))) {
    return fail(Errc::exists, "{} would hide {}; choose another file with --file", path, below->path);
  }
  return OpenFile{{path, PolicyLayer::admin, std::nullopt, std::nullopt}, *TomlEditor::open("", path)};
}

int add(Options options) {
  const PolicyFiles files(options.directories());
  const bool guided = options.rule.name.empty() || options.rule.use.empty();
  if (guided) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
      complain("name the rule and what to --use; without a terminal nothing is asked");
      return exit_usage;
    }
    if (!ask_for_rule(options.rule, usable_schedulers(files), ask_terminal)) return exit_failed;
  }
  auto file = open_or_create(files, options);
  if (!file) return complain_of(file.error());
  if (const auto added = add_scheduler(file->editor, files, options); !added) return complain_of(added.error());
  if (const auto added = add_rule(file->editor, options); !added) return complain_of(added.error());
  file->change.after = file->editor.text();
  if (guided && !options.dry_run) {
    const auto& path = file->change.path;
    fmt::print(
        stderr, "\n{}\n",
        unified_diff(file->change.before.value_or(""), *file->change.after, file->change.before ? path : "", path));
    if (!ask_yes("Write " + path + "?", ask_terminal)) return print("nothing is written\n") ? exit_done : exit_failed;
  }
  return commit(file->change, files.found(), options, fmt::format("{} added", options.rule.name));
}

}  // namespace

void add_policy_add(CLI::App& policy, Session& session) {
  auto* verb = policy.add_subcommand("add", "Add a rule; on a terminal what is missing is asked for");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  const auto conditions = [&](const char* name, std::vector<std::string>& into, const char* help) {
    verb->add_option(name, into, help)->type_name("KIND.KEY=VALUE")->take_all()->allow_extra_args(false);
  };
  verb->add_option("name", options->rule.name, "The rule's name")->type_name("NAME");
  verb->add_option("--use", options->rule.use, "A policy's scheduler, a name of the catalogue, an image, or \"kernel\"")
      ->type_name("NAME|REFERENCE");
  conditions("--when", options->rule.when, "Must hold; may be repeated, then all of them");
  conditions("--or-when", options->or_when, "Another alternative");
  conditions("--unless", options->unless, "Must not hold; of several all together");
  verb->add_option("-m,--mode", options->mode, "A mode of the scheduler")->type_name("MODE");
  verb->add_option("--priority", options->priority, "0 to 1000; the higher one wins (default: 100)")->type_name("N");
  verb->add_option("--delay", options->delay, "How long it must hold first")->type_name("DURATION");
  verb->add_option("--linger", options->linger, "How long it counts afterwards")->type_name("DURATION");
  verb->add_option("--image", options->image, "Also define the scheduler that --use names")->type_name("REFERENCE");
  verb->add_option("--file", options->file, "In /etc/schedkit (default: NAME.toml)")->type_name("FILE");
  verb->add_flag("--disabled", options->disabled, "Do not let it count yet");
  add_write_options(*verb, *options);
  verb->footer(
      "Lists are separated by commas. docs/policy.md says which conditions there are.\n\nExamples:\n"
      "  schedctl policy add games --when process.comm=cs2,'*.exe' --use lavd --priority 200 --linger 10s\n"
      "  schedctl policy add night --when time.start=22:00 --when time.end=06:00 --use kernel --dry-run");
  verb->callback([&session, options] { session.action = [options] { return add(*options); }; });
}

}  // namespace schedkit
