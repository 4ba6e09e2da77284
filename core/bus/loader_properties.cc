#include "core/bus/loader_properties.h"

#include <algorithm>

#include "core/bus/names.h"
#include "core/policy/loader_names.h"

namespace schedkit {

namespace {

bool is_attached(const Status& status) {
  switch (status.state) {
    case SystemState::running:
    case SystemState::probation:
    case SystemState::preparing: return status.current.has_value();
    default: return false;
  }
}

void add_current(LoaderProperties& properties, const RunStatus& run, const Policy& policy) {
  properties.current = bus::printable(loader_name(run.name, run.image));
  properties.mode = loader_mode(run.mode);
  const Scheduler* scheduler = policy.find(run.name);
  const auto usual = scheduler != nullptr ? choose(*scheduler, run.mode) : std::nullopt;
  if (usual && usual->args == run.args) return;
  std::ranges::transform(run.args, std::back_inserter(properties.args),
                         [](const auto& a) { return bus::printable(a); });
}

}  // namespace

LoaderProperties loader_properties(const Status& status, const Policy& policy,
                                   const std::vector<std::string>& references) {
  LoaderProperties properties;
  if (is_attached(status)) add_current(properties, *status.current, policy);
  properties.supported = supported_loader_names(policy, references);
  if (const auto& fallback = policy.fallback.scheduler) {
    properties.default_scheduler = bus::printable(loader_name(fallback->name, fallback->image));
    properties.default_mode = loader_mode(policy.fallback.mode);
  }
  for (const auto& hold : status.holds) {
    const Scheduler* scheduler = policy.find(hold.scheduler);
    properties.holds.push_back(
        {hold.id, bus::printable(loader_name(hold.scheduler, scheduler != nullptr ? scheduler->image : "")), hold.mode,
         bus::printable(hold.by), bus::printable(hold.reason)});
  }
  return properties;
}

}  // namespace schedkit
