// One policy file as it is written: typed and checked by itself, its rules not yet joined to schedulers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/policy_layer.h"
#include "core/base/result.h"
#include "core/policy/model.h"

namespace schedkit {

struct RuleText {
  Rule rule;  // `use` is empty
  std::string use;
  std::string mode;
  bool enabled = true;  // else it is checked by itself and then left out
  Where use_where;
  Where mode_where;
};

struct SettingsText {
  Settings settings;
  Where default_where;
};

struct PolicyText {
  std::string file;  // without directory
  std::vector<Scheduler> schedulers;
  std::vector<RuleText> rules;
  std::optional<SettingsText> settings;  // of schedkit.toml, which has nothing else

  bool empty() const { return schedulers.empty() && rules.empty() && !settings; }
  // The first of that name; nullptr when there is none.
  const Scheduler* find(std::string_view name) const;
};

// `text` is to be used only when there are no errors; warnings never stand in the way.
struct ParsedText {
  PolicyText text;
  std::vector<Error> errors;
  std::vector<Error> warnings;

  bool ok() const { return errors.empty(); }
};

// Where a text comes from. `shown` is the path in messages.
struct TextSource {
  std::string file;
  std::string shown;
  PolicyLayer layer = PolicyLayer::admin;
};

}  // namespace schedkit
