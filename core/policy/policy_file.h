#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

enum class PolicyFileState {
  loaded,     // as it stands on disk
  rejected,   // has errors, and there is no earlier good version
  last_good,  // has errors; its last good version is in force
  masked,     // hidden by a file of the same name in a higher directory, or empty and hiding those below
};

std::string_view to_string(PolicyFileState state);

// One policy file as the daemon sees it.
struct PolicyFileStatus {
  std::string path;
  std::string layer;  // its directory as configured, e.g. "/etc/schedkit"
  PolicyFileState state = PolicyFileState::loaded;
  std::string hidden_by;  // masked: path of the file that hides it; empty when it is an empty file, which only hides
  std::string sha256;     // of the content read; empty when it could not be read
  std::string sha256_in_force;  // of the content in force; empty when none is
  std::vector<Error> errors;    // each with its place
  std::vector<Error> warnings;

  bool operator==(const PolicyFileStatus&) const = default;
};

// All of them, higher directories first, then by name; schedkit.toml among them.
struct PolicyReport {
  std::vector<PolicyFileStatus> files;
  std::vector<Error> problems;  // of no single file: a directory that cannot be read, a copy that cannot be kept

  bool operator==(const PolicyReport&) const = default;
};

}  // namespace schedkit
