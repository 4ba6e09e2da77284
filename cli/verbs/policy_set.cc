// schedctl policy set, enable, disable, remove, mv
#include <CLI/CLI.hpp>

#include "cli/verbs/policy.h"
#include "config/assignment.h"
#include "config/parse.h"
#include "config/schema.h"
#include "config/toml_value.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

struct Options : PolicyOptions {
  std::string name;
  std::vector<std::string> names;
  std::vector<std::string> assignments;
  std::vector<std::string> unset;
  std::string to;
};

TomlPath below(TomlPath path, const TomlPath& rest) {
  path.insert(path.end(), rest.begin(), rest.end());
  return path;
}

Result<void> apply(TomlEditor& editor, const TomlPath& at, const TableSchema& schema, const Options& options) {
  for (const auto& key : options.unset) {
    auto path = parse_key(key, schema);
    if (!path) return fail(std::move(path.error()));
    if (auto removed = editor.remove(below(at, *path)); !removed) return removed;
  }
  for (const auto& text : options.assignments) {
    auto assignment = parse_assignment(text, schema);
    if (!assignment) return fail(std::move(assignment.error()));
    if (auto done = editor.set(below(at, assignment->path), assignment->value); !done) return done;
  }
  return {};
}

int finish(OpenFile file, const PolicyFiles& files, const Options& options, const std::string& done) {
  file.change.after = file.editor.text();
  return commit(file.change, files.found(), options, done);
}

// The daemon's settings; the file need not exist.
int set_settings(const Options& options) {
  const auto directories = options.directories();
  const PolicyFiles files(directories);
  const auto path = admin_path(options.name, directories);
  OpenFile file{{path, PolicyLayer::admin, std::nullopt, std::nullopt}, *TomlEditor::open("", path)};
  if (files.find_file(path) != nullptr) {
    auto opened = open_for_change(files, path, directories);
    if (!opened) return complain_of(opened.error());
    file = std::move(*opened);
  }
  if (const auto done = apply(file.editor, {}, settings_schema, options); !done) return complain_of(done.error());
  return finish(std::move(file), files, options, "settings changed");
}

int set(const Options& options) {
  if (options.assignments.empty() && options.unset.empty()) {
    complain("name what to change: KEY=VALUE, or --unset KEY");
    return exit_usage;
  }
  if (options.name == settings_file_name) return set_settings(options);
  const auto directories = options.directories();
  const PolicyFiles files(directories);
  const auto item = files.find(options.name, options.kind());
  if (!item) return complain_of(item.error());
  auto file = open_for_change(files, item->file, directories);
  if (!file) return complain_of(file.error());
  const auto& schema = item->kind == PolicyKind::rule ? rule_schema : scheduler_schema;
  if (const auto done = apply(file->editor, item->path, schema, options); !done) return complain_of(done.error());
  return finish(std::move(*file), files, options, fmt::format("{} changed", item->name));
}

// Off is a key of its own; on is its absence, unless a comment beside it would go with it.
Result<void> switch_rule(TomlEditor& editor, const TomlPath& rule, bool on) {
  const auto path = below(rule, {std::string("enabled")});
  if (!on) return editor.set(path, toml_flag(false));
  if (find(editor.root(), path) == nullptr) return {};
  return editor.lines_of(path).find('#') == std::string::npos ? editor.remove(path) : editor.set(path, toml_flag(true));
}

int enable(const Options& options, bool on) {
  for (const auto& name : options.names) {
    const auto directories = options.directories();
    const PolicyFiles files(directories);  // read anew: the one before may have changed the same file
    const auto item = files.find(name, PolicyKind::rule);
    if (!item) return complain_of(item.error());
    auto file = open_for_change(files, item->file, directories);
    if (!file) return complain_of(file.error());
    if (const auto done = switch_rule(file->editor, item->path, on); !done) return complain_of(done.error());
    const int code =
        finish(std::move(*file), files, options, fmt::format("{} {}", item->name, on ? "enabled" : "disabled"));
    if (code != exit_done) return code;
  }
  return exit_done;
}

// An empty file would hide those of its name below, so it goes when there is none to hide.
bool hides_another(const PolicyFiles& files, const FileChange& change) {
  for (const auto& file : files.files()) {
    if (file.layer != change.layer && file.name == base_name(change.path)) return true;
  }
  return false;
}

int remove_file(const FoundFile& file, const PolicyFiles& files, const Options& options) {
  if (const auto owned = check_owned(file, options.directories()); !owned) return complain_of(owned.error());
  const auto before = file.text ? std::optional(*file.text) : std::nullopt;
  if (!before) return complain_of(file.text.error());
  return commit({file.path, file.layer, before, std::nullopt}, files.found(), options, "removed");
}

int remove(const Options& options) {
  const auto directories = options.directories();
  const PolicyFiles files(directories);
  const auto* whole = options.name.ends_with(".toml") ? files.find_file(options.name) : nullptr;
  if (whole != nullptr) return remove_file(*whole, files, options);
  const auto item = files.find(options.name, options.kind());
  if (!item) return complain_of(item.error());
  auto file = open_for_change(files, item->file, directories);
  if (!file) return complain_of(file.error());
  if (const auto done = file->editor.remove(item->path); !done) return complain_of(done.error());
  file->change.after = file->editor.text();
  if (trim(*file->change.after).empty()) {
    file->change.after = hides_another(files, file->change) ? std::optional<std::string>("") : std::nullopt;
  }
  return commit(file->change, files.found(), options,
                file->change.after ? fmt::format("{} removed", item->name)
                                   : fmt::format("{} removed, and the file with it", item->name));
}

Result<void> rename(TomlEditor& editor, const PolicyItem& item, const std::string& to) {
  if (item.kind == PolicyKind::rule) return editor.set(below(item.path, {std::string("name")}), toml_text(to));
  if (auto renamed = editor.rename(item.path, to); !renamed) return renamed;
  const auto* rules = editor.root().find("rules");
  const std::size_t count = rules == nullptr ? 0 : rules->value.items.size();
  for (std::size_t i = 0; i < count; ++i) {
    const TomlPath use{std::string("rules"), i, std::string("use")};
    const auto* node = find(editor.root(), use);
    if (node == nullptr || node->type != Node::Type::string || node->text != item.name) continue;
    if (auto done = editor.set(use, toml_text(to)); !done) return done;
  }
  return {};
}

int mv(const Options& options) {
  const auto directories = options.directories();
  const PolicyFiles files(directories);
  const auto item = files.find(options.name, options.kind());
  if (!item) return complain_of(item.error());
  auto file = open_for_change(files, item->file, directories);
  if (!file) return complain_of(file.error());
  if (const auto done = rename(file->editor, *item, options.to); !done) return complain_of(done.error());
  return finish(std::move(*file), files, options, fmt::format("{} is {} now", item->name, options.to));
}

// A verb that writes; `name` is its first argument.
CLI::App* add_verb(CLI::App& policy, Session& session, const char* word, const char* help,
                   const std::shared_ptr<Options>& options, int (*action)(const Options&)) {
  auto* verb = policy.add_subcommand(word, help);
  add_write_options(*verb, *options);
  verb->callback([&session, options, action] { session.action = [options, action] { return action(*options); }; });
  return verb;
}

}  // namespace

void add_policy_set(CLI::App& policy, Session& session) {
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  auto* verb =
      add_verb(policy, session, "set", "Set or unset keys of a rule, a scheduler, or schedkit.toml", options, set);
  verb->add_option("name", options->name, "A rule, FILE/RULE, a scheduler, or schedkit.toml")
      ->required()
      ->type_name("NAME");
  verb->add_option("assignments", options->assignments, "Lists are separated by commas")->type_name("KEY=VALUE");
  verb->add_option("--unset", options->unset, "Remove a key; may be repeated")
      ->type_name("KEY")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("-s,--scheduler", options->scheduler, "NAME is a scheduler");
  verb->footer(
      "Examples:\n  schedctl policy set games priority=300 when.process.comm=cs2,'*.exe' --unset linger\n"
      "  schedctl policy set lavd memory=1GiB args=--performance,-v");
}

void add_policy_enable(CLI::App& policy, Session& session) {
  for (const bool on : {true, false}) {
    auto options = std::make_shared<Options>();
    auto* verb = add_verb(
        policy, session, on ? "enable" : "disable",
        on ? "Let disabled rules count again" : "Let rules not count, without removing them", options,
        on ? +[](const Options& chosen) { return enable(chosen, true); }
           : +[](const Options& chosen) { return enable(chosen, false); });
    verb->add_option("rules", options->names, "Rules, as NAME or FILE/NAME")->required()->type_name("RULE");
    verb->footer(
        fmt::format("A disabled rule has `enabled = false`.\n\nExamples:\n  schedctl policy {0} games\n"
                    "  schedctl policy {0} gaming.toml/games --dry-run",
                    on ? "enable" : "disable"));
  }
}

void add_policy_remove(CLI::App& policy, Session& session) {
  auto options = std::make_shared<Options>();
  auto* verb = add_verb(policy, session, "remove", "Remove a rule, a scheduler, or a whole file", options, remove);
  verb->add_option("name", options->name, "A rule, FILE/RULE, a scheduler, or FILE.toml")
      ->required()
      ->type_name("NAME|FILE");
  verb->add_flag("-s,--scheduler", options->scheduler, "NAME is a scheduler");
  verb->footer("Examples:\n  schedctl policy remove games\n  schedctl policy remove lavd --scheduler --dry-run");
}

void add_policy_mv(CLI::App& policy, Session& session) {
  auto options = std::make_shared<Options>();
  auto* verb = add_verb(policy, session, "mv", "Rename a rule, or a scheduler with the rules of its file", options, mv);
  verb->add_option("name", options->name, "A rule, FILE/RULE, or a scheduler")->required()->type_name("NAME");
  verb->add_option("to", options->to, "Its new name")->required()->type_name("NEW");
  verb->add_flag("-s,--scheduler", options->scheduler, "NAME is a scheduler");
  verb->footer("Examples:\n  schedctl policy mv games gaming\n  schedctl policy mv --scheduler lavd lavd-stable");
}

}  // namespace schedkit
