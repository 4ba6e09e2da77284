// What the verbs below `schedctl policy` share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/verbs/verb.h"
#include "config/policy_change.h"

namespace schedkit {

struct PolicyOptions {
  std::string root;  // prefix of the directories
  std::string output = "text";
  bool dry_run = false;
  bool backup = false;
  bool scheduler = false;  // the name is a scheduler's

  Directories directories() const { return Directories::under(root); }
  std::optional<PolicyKind> kind() const { return scheduler ? std::optional(PolicyKind::scheduler) : std::nullopt; }
};

// --root, for tests and other trees.
void add_root_option(CLI::App& verb, PolicyOptions& options);
// --dry-run, --backup and --root.
void add_write_options(CLI::App& verb, PolicyOptions& options);

// Complains line by line and chooses the exit code.
int complain_of(const Error& error);

// Checks the change and makes it, or shows it with --dry-run. `done` is what to say then.
int commit(const FileChange& change, const FoundFiles& found, const PolicyOptions& options, const std::string& done);

// An editor for the file of `item`, if it is ours to change.
struct OpenFile {
  FileChange change;  // `after` is still missing
  TomlEditor editor;
};
Result<OpenFile> open_for_change(const PolicyFiles& files, const std::string& path, const Directories& directories);

// In /etc/schedkit; "games" is "games.toml".
std::string admin_path(const std::string& name, const Directories& directories);

void add_pin(CLI::App& app, Session& session);

void add_policy_list(CLI::App& policy, Session& session);
void add_policy_show(CLI::App& policy, Session& session);
void add_policy_add(CLI::App& policy, Session& session);
void add_policy_set(CLI::App& policy, Session& session);
void add_policy_enable(CLI::App& policy, Session& session);  // and disable
void add_policy_remove(CLI::App& policy, Session& session);
void add_policy_mv(CLI::App& policy, Session& session);
void add_policy_edit(CLI::App& policy, Session& session);
void add_policy_diff(CLI::App& policy, Session& session);

}  // namespace schedkit
