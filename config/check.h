// Joins all policy files to one Policy: which version of each file is in force, what every `use` means. Pure.
//
//  - A file hides those of the same name in lower layers. An empty file does nothing else (not one of the cluster).
//  - A file with errors is replaced by its last good version; without one it is left out and hides nothing.
//  - `use` means the scheduler of its own file, else that of the highest layer. A definition in a lower layer than the
//    rule's own is passed over when it lacks the rule's mode: a layer below can never invalidate a file above.
//  - Of two files of one directory that define the same scheduler the later by name is in error.
//  - Last good versions are never in error because of others: they remember the schedulers they borrowed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/policy_text.h"
#include "core/policy/policy_file.h"

namespace schedkit {

// A version of a file that was in force once, complete by itself.
struct RememberedText {
  PolicyText text;
  std::vector<Scheduler> borrowed;  // of other files, as its rules used them then
};

// One file as it was found.
struct Candidate {
  PolicyLayer layer = PolicyLayer::admin;
  std::string name;  // without directory
  std::string path;  // for messages
  bool is_mask = false;
  ParsedText current;  // with errors when it could not even be read
  std::optional<RememberedText> last_good;
};

struct Outcome {
  PolicyFileState state = PolicyFileState::rejected;
  std::string hidden_by;
  std::vector<Error> errors;
  std::vector<Error> warnings;
  std::vector<Scheduler> borrowed;  // when loaded: what its rules use of other files
};

struct Checked {
  Policy policy;
  std::vector<Outcome> outcomes;  // one for each candidate, in the order given
};

// `candidates`: at most one of each layer and name.
Checked check_policy(const std::vector<Candidate>& candidates);

}  // namespace schedkit
