// Changes of policy files: finds what a name means among the files, and writes a new version of one after the same
// check that the daemon makes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/directories.h"
#include "config/toml_editor.h"

namespace schedkit {

enum class PolicyKind { rule, scheduler };

// A rule or a scheduler where it is written.
struct PolicyItem {
  PolicyKind kind = PolicyKind::rule;
  std::string name;
  std::string file;  // its path
  PolicyLayer layer = PolicyLayer::admin;
  TomlPath path;  // in the file
  Place place;
  Node table;

  std::string id() const;  // "gaming.toml/games"
};

// The files of the directories as texts, and what is in those that are TOML.
class PolicyFiles {
 public:
  explicit PolicyFiles(const Directories& directories);

  const std::vector<FoundFile>& files() const { return found_.files; }
  const FoundFiles& found() const { return found_; }
  // Rules and schedulers of files that no other file hides, higher directories first.
  const std::vector<PolicyItem>& items() const { return items_; }

  // The file at a path or of a name ("gaming.toml", "gaming"), the highest of that name; nullptr when there is none.
  const FoundFile* find_file(const std::string& name) const;

  // NAME or FILE/NAME, a rule before a scheduler unless `kind` says which. Errc::not_found with the nearest name,
  // Errc::exists when several are called so (the text lists them).
  Result<PolicyItem> find(const std::string& name, std::optional<PolicyKind> kind = std::nullopt) const;

 private:
  void collect(const FoundFile& file);

  FoundFiles found_;
  std::vector<PolicyItem> items_;
};

// Why the file is not ours to change, with the way round it; nothing for those of /etc/schedkit.
Result<void> check_owned(const FoundFile& file, const Directories& directories);

struct FileChange {
  std::string path;
  PolicyLayer layer = PolicyLayer::admin;
  std::optional<std::string> before;  // nothing: a new file
  std::optional<std::string> after;   // nothing: the file is removed
};

// What the daemon would say of everything with the change made, as `schedctl check` writes it: errors of this file, and
// errors of others that they do not have now. Warnings are appended to `warnings`, one a line.
Result<void> check_change(const FileChange& change, const FoundFiles& found, const Directories& directories,
                          std::string& warnings);

// Replaces the file atomically; owner and mode stay. Errc::busy when it is no longer as it was before. `backup`: the
// former version becomes PATH.bak.
Result<void> write_change(const FileChange& change, bool backup);

}  // namespace schedkit
