#include "k8s/file_sync.h"

namespace schedkit {

using Verdict = PlannedPolicy::Verdict;

namespace {

bool is_to_go(const std::string& name, const RenderedHeader& header, const NodePlan& plan) {
  const auto planned = plan.policies.find(name);
  if (planned != plan.policies.end()) return planned->second.verdict == Verdict::suspended;
  if (plan.not_selected.contains(name)) return true;
  return plan.all_known(header.source.kind) && !header.keep;
}

}  // namespace

FileOutcome sync_files(const RenderedFiles& files, const NodePlan& plan) {
  FileOutcome outcome;
  for (const auto& [name, policy] : plan.policies) {
    if (policy.verdict != Verdict::rendered) continue;
    auto written = files.write(name, policy.text);
    if (!written) {
      outcome.errors.emplace(name, std::move(written.error()));
    } else if (*written) {
      outcome.written.push_back(name);
    }
  }
  const auto own = files.list();
  if (!own) {
    outcome.troubles.push_back(own.error());
    return outcome;
  }
  for (const auto& [name, header] : *own) {
    if (!is_to_go(name, header, plan)) continue;
    auto removed = files.remove(name);
    if (!removed) {
      outcome.troubles.push_back(std::move(removed.error()));
    } else if (*removed) {
      outcome.removed.push_back(name);
    }
  }
  return outcome;
}

}  // namespace schedkit
