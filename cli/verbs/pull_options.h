// What pull, run and verify have in common: whom to believe about an image, and bringing it in.
#pragma once

#include <string>
#include <vector>

#include "core/bus/client.h"
#include "core/policy/pull.h"

namespace CLI {
class App;
}

namespace schedkit {

// --trust-policy, --allow-unsigned and --allow-downgrade, or $SCHEDCTL_TRUST_POLICY and $SCHEDCTL_ALLOW_UNSIGNED where
// no flag says whom to believe.
class PullFlags {
 public:
  // The flags for `verb`; with `judge_only` the first alone. Must outlive the parsing.
  void add_to(CLI::App& verb, bool judge_only = false);

  bool given() const { return !flags_.trust_policy.empty() || flags_.allow_unsigned || flags_.allow_downgrade; }

  // The flags again, as they were given.
  std::vector<std::string> arguments() const;

  // With the environment's. The daemon reads the policy, so its path is made absolute.
  PullOptions options() const;

 private:
  PullOptions flags_;
  bool judge_only_ = false;
};

// With a progress bar on a terminal; Ctrl-C cancels.
Result<Client::Pulled> pull_image(Client& client, const std::string& reference, const PullOptions& options);

}  // namespace schedkit
