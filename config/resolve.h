// What a `use` means among the files in force.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "config/policy_text.h"

namespace schedkit {

// One file in force.
struct ActiveText {
  PolicyLayer layer = PolicyLayer::admin;
  const PolicyText* text = nullptr;
  const std::vector<Scheduler>* borrowed = nullptr;  // of a last good version; else nullptr
};

// Indexes definitions; the texts must outlive it.
class Definitions {
 public:
  // `texts`: higher layers first, then by name.
  explicit Definitions(const std::vector<ActiveText>& texts);

  struct Definition {
    const Scheduler* scheduler;
    PolicyLayer layer;
  };
  // Every definition of that name, the one that counts first.
  std::span<const Definition> all(std::string_view name) const;

  std::vector<std::string_view> names() const;

 private:
  std::map<std::string_view, std::vector<Definition>> by_name_;
};

// Not "Resolved": core/image/registry has that, and one program may hold both.
struct ResolvedUse {
  Choice choice;
  bool foreign = false;  // defined by another file
};

// The error has the place of `use` or of `mode`.
Result<ResolvedUse> resolve_use(const ActiveText& from, const RuleText& rule, const Definitions& definitions);

// The same for the settings' `default`.
Result<ResolvedUse> resolve_default(const ActiveText& from, const Definitions& definitions);

}  // namespace schedkit
