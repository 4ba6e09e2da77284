#include "k8s/acknowledgement.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

using Verdict = PlannedPolicy::Verdict;

namespace {

// schedkitd may know the directory by another path than a pod does.
const PolicyFileStatus* find_file(const Status& daemon, const std::string& name) {
  const auto found = std::ranges::find_if(daemon.files, [&name](const PolicyFileStatus& file) {
    return base_name(file.path) == name && base_name(file.layer) == "cluster";
  });
  return found == daemon.files.end() ? nullptr : &*found;
}

// "12:3: unknown key": the file is ours and named already.
std::string first_error(const PolicyFileStatus& file) {
  if (file.errors.empty()) return "schedkitd rejected it";
  const auto& error = file.errors.front();
  if (error.where.line == 0) return error.text;
  return fmt::format("{}:{}:{}: {}", base_name(file.path), error.where.line, error.where.column, error.text);
}

PolicyState state_in_force(const PlannedPolicy& policy, const Status& daemon) {
  const auto ours = [&policy](const std::string& scheduler) {
    return std::ranges::find(policy.schedulers, scheduler) != policy.schedulers.end();
  };
  for (const auto& strike : daemon.strikes) {
    if (strike.quarantined && ours(strike.scheduler)) {
      return {PolicyPhase::rolled_back, fmt::format("{} is in quarantine: {}", strike.scheduler, strike.reason)};
    }
  }
  if (daemon.last_failure && ours(daemon.last_failure->scheduler)) {
    return {PolicyPhase::failed, fmt::format("{}: {}", daemon.last_failure->scheduler, daemon.last_failure->text)};
  }
  return {PolicyPhase::applied, ""};
}

PolicyState state_of_file(const PlannedPolicy& policy, const std::string& name, const Status& daemon) {
  const auto* file = find_file(daemon, name);
  if (file == nullptr || file->sha256 != policy.sha256) return {PolicyPhase::pending, "schedkitd has not read it yet"};
  switch (file->state) {
    case PolicyFileState::masked:
      return {PolicyPhase::overridden,
              "hidden on the node by " + (file->hidden_by.empty() ? "its own emptiness" : file->hidden_by)};
    case PolicyFileState::rejected: return {PolicyPhase::failed, first_error(*file)};
    case PolicyFileState::last_good:
      return {PolicyPhase::failed, first_error(*file) + "; the last good revision stays in force"};
    case PolicyFileState::loaded: break;
  }
  if (file->sha256_in_force != policy.sha256) return {PolicyPhase::pending, "schedkitd has read it"};
  return state_in_force(policy, daemon);
}

}  // namespace

std::string_view to_string(PolicyPhase phase) {
  switch (phase) {
    case PolicyPhase::pending: return "Pending";
    case PolicyPhase::staged: return "Staged";
    case PolicyPhase::applied: return "Applied";
    case PolicyPhase::overridden: return "Overridden";
    case PolicyPhase::failed: return "Failed";
    case PolicyPhase::rolled_back: return "RolledBack";
    case PolicyPhase::suspended: return "Suspended";
  }
  return "Pending";
}

PolicyState state_of(const PlannedPolicy& policy, const std::string& file, const Status* daemon,
                     const Error* write_error) {
  switch (policy.verdict) {
    case Verdict::suspended: return {PolicyPhase::suspended, ""};
    case Verdict::staged: return {PolicyPhase::staged, policy.why};
    case Verdict::waiting: return {PolicyPhase::pending, policy.why};
    case Verdict::refused: return {PolicyPhase::failed, policy.why};
    case Verdict::rendered: break;
  }
  if (write_error != nullptr) return {PolicyPhase::failed, write_error->describe()};
  if (daemon == nullptr) return {PolicyPhase::pending, "schedkitd does not answer"};
  return state_of_file(policy, file, *daemon);
}

bool differs_on_disk(const NodePlan& plan, const Status& daemon) {
  return std::ranges::any_of(plan.policies, [&daemon](const auto& entry) {
    if (entry.second.verdict != Verdict::rendered) return false;
    const auto* file = find_file(daemon, entry.first);
    return file == nullptr || file->sha256 != entry.second.sha256;
  });
}

}  // namespace schedkit
