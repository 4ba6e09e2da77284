// What the switcher holds against schedulers, and what it tells of itself.
#include <algorithm>
#include <utility>

#include "core/sched/switcher.h"

namespace schedkit {

void Switcher::record(HistoryEntry entry) {
  entry.at = parts_.clock.wall_now();
  events_.happened(std::move(entry));
}

// Precondition: there is a present one.
void Switcher::tell_tenure() const {
  events_.held({.run = present_->held.run->id(),
                .attached_at = present_->attached_at,
                .ops = present_->ops,
                .proved = !probation_.active(),
                .before = before_});
}

// `choice` failed by its own fault, and `entry` tells how.
void Switcher::strike(const Choice& choice, const RunnableImage& image, Error error, std::vector<std::string> output,
                      HistoryEntry entry) {
  parts_.stop_first.failed(image.digest);
  const auto& record_now = parts_.strikes.add(image.digest, choice.args, choice.name(), error.text);
  entry.strikes = record_now.count;
  entry.quarantined = record_now.quarantined;
  if (record_now.quarantined) error.text += fmt::format(" (strike {}: quarantined)", record_now.count);
  const auto retry =
      record_now.quarantined ? std::nullopt : std::optional(parts_.strikes.not_before(image.digest, choice.args));
  record(std::move(entry));
  fail_goal(choice, std::move(error), std::move(output), retry, record_now.quarantined);
}

void Switcher::fail_goal(const Choice& choice, Error error, std::vector<std::string> output,
                         std::optional<Instant> retry, bool quarantined) {
  failures_.add(choice, error.text, retry, quarantined);
  last_failure_ = FailureRecord{choice.name(), error.text, parts_.clock.wall_now(), std::move(output)};
  if (wish_.done && same_program(choice, wish_.choice)) std::exchange(wish_.done, nullptr)(fail(std::move(error)));
}

// The newest: a link lives on when the kernel has ended the scheduler behind it, until its holder lets go of it.
std::optional<std::uint32_t> Switcher::link_of(const Run& run, const SchedulerLinks& links) {
  std::optional<std::uint32_t> newest;
  if (!links) return newest;
  for (const auto& link : *links) {
    const bool owned = std::ranges::any_of(link.owners, [&](std::int32_t owner) { return run.owns(owner); });
    if (owned && (!newest || link.id > *newest)) newest = link.id;
  }
  return newest;
}

Switcher::SchedulerLinks Switcher::without_ours(SchedulerLinks links) const {
  if (!links) return links;
  std::erase_if(*links, [this](const SchedulerLink& link) {
    return std::ranges::any_of(link.owners, [this](std::int32_t owner) {
      return retired_.owns(owner) || (present_ && present_->held.run && present_->held.run->owns(owner));
    });
  });
  return links;
}

RunStatus Switcher::describe_run(const Run& run, std::string phase) const {
  const auto& request = run.request();
  return {.name = request.choice.name(),
          .id = run.id(),
          .image = request.image.reference,
          .digest = request.image.digest,
          .mode = request.choice.mode,
          .args = request.choice.args,
          .pid = run.pid(),
          .started = parts_.clock.wall_now() - (parts_.clock.now() - run.started()),
          .phase = std::move(phase)};
}

RunStatus Switcher::describe_candidate() const {
  const auto* place = attaching_ ? &*attaching_ : lineup_.find(*goal_);
  if (place != nullptr && place->held.run) {
    return describe_run(*place->held.run, attaching_                               ? "attaching"
                                          : place->stage == Lineup::Stage::at_gate ? "at the gate"
                                                                                   : "loading");
  }
  RunStatus status;
  status.name = goal_->name();
  status.image = goal_->scheduler->image;
  status.mode = goal_->mode;
  status.args = goal_->args;
  status.phase = "unpacking";
  return status;
}

SystemState Switcher::state_word(const KernelState& kernel) const {
  const bool enabled = kernel.state == ExtState::enabled;
  if (kernel.state == ExtState::unsupported) return SystemState::unsupported;
  if (culprit_ && enabled) return SystemState::managed_mismatch;
  if (phase_ == Phase::detaching || phase_ == Phase::attaching) return SystemState::handing_over;
  if (phase_ == Phase::preparing) return SystemState::preparing;
  if (!present_)
    return !enabled                ? SystemState::idle
           : leaving_              ? SystemState::handing_over
           : stranger_.is_orphan() ? SystemState::orphaned_kernel_state
                                   : SystemState::foreign;
  if (!enabled) return stuck_ ? SystemState::handing_over : SystemState::managed_detached;
  if (mismatch_) return SystemState::managed_mismatch;
  return probation_.active() ? SystemState::probation : SystemState::running;
}

void Switcher::describe(Status& status) const {
  const auto kernel = parts_.kernel.state();
  const bool enabled = kernel.state == ExtState::enabled;
  status.kernel = {kernel.state != ExtState::unsupported, std::string(to_string(kernel.state)), kernel.ops,
                   kernel.enable_seq};
  status.state = state_word(kernel);
  if (present_) {
    status.current = describe_run(*present_->held.run, enabled && !mismatch_ ? "attached" : "detached");
    status.probation_until = probation_.until();
  } else if (culprit_) {
    status.current = describe_run(*culprit_->run, "attached out of turn");
  }
  if (attaching_ || (goal_ && !goal_->is_kernel())) status.candidate = describe_candidate();
  status.standbys = lineup_.standbys();
  if (enabled) status.foreign_owner = stranger_.owner();
  status.last_switch = last_switch_;
  status.last_failure = last_failure_;
}

}  // namespace schedkit
