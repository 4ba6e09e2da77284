#include "core/policy/model.h"

#include <tuple>

#include "core/base/text.h"
#include "core/policy/decision.h"
#include "core/policy/history.h"
#include "core/policy/policy_file.h"
#include "core/policy/status.h"

namespace schedkit {

std::string_view to_string(Profile profile) {
  switch (profile) {
    case Profile::strict: return "strict";
    case Profile::compat: return "compat";
    case Profile::privileged: return "privileged";
  }
  return "unknown";
}

std::string_view to_string(Handover handover) { return handover == Handover::gate ? "gate" : "stop-first"; }

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::rule: return "rule";
    case Cause::default_choice: return "default";
    case Cause::hold: return "hold";
    case Cause::override_choice: return "override";
  }
  return "unknown";
}

std::string_view to_string(RuleState state) {
  switch (state) {
    case RuleState::idle: return "idle";
    case RuleState::pending: return "pending";
    case RuleState::active: return "active";
    case RuleState::lingering: return "lingering";
  }
  return "unknown";
}

std::string_view to_string(SystemState state) {
  switch (state) {
    case SystemState::idle: return "idle";
    case SystemState::running: return "running";
    case SystemState::preparing: return "preparing";
    case SystemState::handing_over: return "handing-over";
    case SystemState::probation: return "probation";
    case SystemState::orphaned_kernel_state: return "orphaned-kernel-state";
    case SystemState::managed_detached: return "managed-detached";
    case SystemState::managed_mismatch: return "managed-mismatch";
    case SystemState::foreign: return "foreign";
    case SystemState::unsupported: return "unsupported";
  }
  return "unknown";
}

std::string_view to_string(HistoryEvent event) {
  switch (event) {
    case HistoryEvent::switched: return "switched";
    case HistoryEvent::rolled_back: return "rolled-back";
    case HistoryEvent::restarted: return "restarted";
    case HistoryEvent::failed: return "failed";
    case HistoryEvent::lost: return "lost";
    case HistoryEvent::superseded: return "superseded";
    case HistoryEvent::passed: return "passed";
    case HistoryEvent::foreign: return "foreign";
    case HistoryEvent::out_of_turn: return "out-of-turn";
    case HistoryEvent::stuck: return "stuck";
    case HistoryEvent::standby: return "standby";
    case HistoryEvent::cleared: return "cleared";
    case HistoryEvent::notice: return "notice";
  }
  return "unknown";
}

std::string_view to_string(PolicyFileState state) {
  switch (state) {
    case PolicyFileState::loaded: return "loaded";
    case PolicyFileState::rejected: return "rejected";
    case PolicyFileState::last_good: return "last-good";
    case PolicyFileState::masked: return "masked";
  }
  return "unknown";
}

namespace {

// What decides how the container is made.
auto program_of(const Scheduler& s) {
  return std::tie(s.image, s.env, s.profile, s.memory, s.pids, s.caps_add, s.paths_rw, s.devices);
}

auto all_of(const Scheduler& s) {
  return std::tuple_cat(program_of(s),
                        std::tie(s.name, s.args, s.modes, s.standby, s.handover, s.load_timeout, s.probation));
}

}  // namespace

bool Scheduler::operator==(const Scheduler& other) const { return all_of(*this) == all_of(other); }

bool same_program(const Choice& a, const Choice& b) {
  if (a.is_kernel() || b.is_kernel()) return a.is_kernel() && b.is_kernel();
  return a.args == b.args && program_of(*a.scheduler) == program_of(*b.scheduler);
}

std::optional<Choice> choose(const Scheduler& scheduler, const std::string& mode) {
  if (mode.empty()) return Choice{scheduler, mode, scheduler.args};
  const auto found = scheduler.modes.find(mode);
  if (found == scheduler.modes.end()) return std::nullopt;
  return Choice{scheduler, mode, found->second};
}

const Scheduler* Policy::find(std::string_view name) const {
  for (const auto& scheduler : schedulers) {
    if (scheduler.name == name) return &scheduler;
  }
  return nullptr;
}

}  // namespace schedkit
