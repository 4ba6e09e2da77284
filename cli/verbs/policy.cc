#include "cli/verbs/policy.h"

#include <CLI/CLI.hpp>

#include "config/text_diff.h"
#include "core/base/text.h"

namespace schedkit {

void add_root_option(CLI::App& verb, PolicyOptions& options) {
  verb.add_option("--root", options.root, "Take the policy directories below DIR")->type_name("DIR");
}

void add_write_options(CLI::App& verb, PolicyOptions& options) {
  verb.add_flag("-n,--dry-run", options.dry_run, "Only show what would change");
  verb.add_flag("--backup", options.backup, "Keep the former version as FILE.bak");
  add_root_option(verb, options);
}

int complain_of(const Error& error) {
  const auto text = error.describe();
  for (const auto line : split(text, '\n')) complain(line);
  return error.code == Errc::denied ? exit_denied : exit_failed;
}

int commit(const FileChange& change, const FoundFiles& found, const PolicyOptions& options, const std::string& done) {
  if (change.after == change.before) return print("nothing to change\n") ? exit_done : exit_failed;
  std::string warnings;
  if (const auto checked = check_change(change, found, options.directories(), warnings); !checked) {
    const int code = complain_of(checked.error());
    complain("nothing is written");
    return code;
  }
  for (const auto line : split(warnings, '\n')) {
    if (!line.empty()) complain(line);
  }
  if (options.dry_run) {
    const auto diff = unified_diff(change.before.value_or(""), change.after.value_or(""),
                                   change.before ? change.path : "", change.after ? change.path : "");
    return print(diff) ? exit_done : exit_failed;
  }
  if (const auto written = write_change(change, options.backup); !written) return complain_of(written.error());
  return print(fmt::format("{}: {}\n", change.path, done)) ? exit_done : exit_failed;
}

Result<OpenFile> open_for_change(const PolicyFiles& files, const std::string& path, const Directories& directories) {
  const auto* file = files.find_file(path);
  if (file == nullptr) return fail(Errc::not_found, "there is no policy file {}", quote(path));
  if (auto owned = check_owned(*file, directories); !owned) return fail(std::move(owned.error()));
  if (!file->text) return fail(file->text.error());
  auto editor = TomlEditor::open(*file->text, file->path);
  if (!editor) return fail(std::move(editor.error()));
  return OpenFile{{file->path, file->layer, *file->text, std::nullopt}, std::move(*editor)};
}

std::string admin_path(const std::string& name, const Directories& directories) {
  const std::string file(base_name(name));
  return fmt::format("{}/{}{}", directories.admin, file, file.ends_with(".toml") ? "" : ".toml");
}

void add_policy(CLI::App& app, Session& session) {
  auto* policy = app.add_subcommand("policy", "Show and change policy files");
  add_policy_list(*policy, session);
  add_policy_show(*policy, session);
  add_policy_add(*policy, session);
  add_policy_set(*policy, session);
  add_policy_enable(*policy, session);
  add_policy_remove(*policy, session);
  add_policy_mv(*policy, session);
  add_policy_edit(*policy, session);
  add_check(*policy, session);
  add_policy_diff(*policy, session);
  policy->require_subcommand(1);
  policy->footer(
      "Changes keep comments and layout, are checked as `schedctl check` does before anything is written, and replace "
      "the "
      "file at once. The daemon notices by itself.\n\nExamples:\n"
      "  schedctl policy add games --when process.comm=cs2,'*.exe' --use lavd --priority 200 --linger 10s\n"
      "  schedctl policy disable games");
}

}  // namespace schedkit
