#include "cli/verbs/pull_options.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "cli/verbs/progress_bar.h"

namespace schedkit {

namespace {

volatile std::sig_atomic_t interrupted = 0;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = std::filesystem::absolute(path, error);
  return error ? path : full.lexically_normal().string();
}

}  // namespace

void PullFlags::add_to(CLI::App& verb, bool judge_only) {
  judge_only_ = judge_only;
  auto* policy = verb.add_option("--trust-policy", flags_.trust_policy,
                                 "Believe this file (policy.json, or upstream's YAML) instead of [trust] (or "
                                 "$SCHEDCTL_TRUST_POLICY)");
  policy->type_name("FILE");
  if (judge_only) return;
  verb.add_flag("--allow-unsigned", flags_.allow_unsigned,
                "Take the image although nobody vouches for it (or $SCHEDCTL_ALLOW_UNSIGNED=1)")
      ->excludes(policy);
  verb.add_flag("--allow-downgrade", flags_.allow_downgrade, "Take the image although it is older than the one here");
}

PullOptions PullFlags::options() const {
  PullOptions options = flags_;
  if (options.trust_policy.empty() && !options.allow_unsigned) {
    const std::string allowed = variable("SCHEDCTL_ALLOW_UNSIGNED");
    options.allow_unsigned = !judge_only_ && !allowed.empty() && allowed != "0" && allowed != "false";
    if (!options.allow_unsigned) options.trust_policy = variable("SCHEDCTL_TRUST_POLICY");
  }
  if (!options.trust_policy.empty()) options.trust_policy = absolute(options.trust_policy);
  return options;
}

std::vector<std::string> PullFlags::arguments() const {
  std::vector<std::string> arguments;
  if (!flags_.trust_policy.empty()) arguments.insert(arguments.end(), {"--trust-policy", flags_.trust_policy});
  if (flags_.allow_unsigned) arguments.emplace_back("--allow-unsigned");
  if (flags_.allow_downgrade) arguments.emplace_back("--allow-downgrade");
  return arguments;
}

Result<Client::Pulled> pull_image(Client& client, const std::string& reference, const PullOptions& options) {
  const auto before = std::signal(SIGINT, [](int) { interrupted = 1; });
  ProgressBar bar;
  auto pulled = client.pull(reference, options, [&](const PullProgress& progress) {
    bar.show(progress);
    return interrupted == 0;
  });
  std::signal(SIGINT, before);
  return pulled;
}

}  // namespace schedkit
