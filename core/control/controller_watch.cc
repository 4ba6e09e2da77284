// What the controller tells those who watch.
#include <algorithm>
#include <utility>

#include "core/control/controller.h"

namespace schedkit {

void Controller::set_watcher(Watcher* watcher) {
  watcher_ = watcher;
  environment_globs_ = watcher != nullptr ? environment_globs(engine_.policy()) : EnvironmentGlobs();
}

void Controller::tell(SimulatedAction action) {
  if (watcher_ != nullptr) watcher_->saw(parts_.clock.now(), action);
}

namespace {

SimulatedRun as_run(const Choice& choice) {
  return {choice.name(), choice.mode, choice.scheduler ? std::optional(choice.args) : std::nullopt, {}};
}

}  // namespace

SimulatedRun Controller::as_run(const Override& override, Instant now) {
  SimulatedRun run = schedkit::as_run(override.choice);
  run.until = {Lifetime::Kind::boot, {}};
  if (override.until) {
    const Duration left = *override.until - now;
    run.until = {Lifetime::Kind::limited, std::max<Duration>(left, std::chrono::milliseconds(1))};
  }
  return run;
}

SimulatedSnapshot Controller::snapshot() const {
  const Instant now = parts_.clock.now();
  SimulatedSnapshot snapshot{engine_.snapshot(now), {}, {}, {}};
  const auto globs = environment_globs(engine_.policy());
  for (auto& [event, ago] : snapshot.engine.events) event = without_environment(std::move(event), globs);
  if (const auto not_before = dwell_.not_before(); not_before && *not_before > now) {
    snapshot.engine.dwell = *not_before - now;
  }
  if (decision_) {
    snapshot.present = {schedkit::as_run(decision_->choice), decision_->cause, decision_->rule, decision_->reason};
  }
  if (const auto& present = engine_.current_override()) snapshot.command = as_run(*present, now);
  for (const auto& hold : engine_.holds()) {
    snapshot.holds.push_back({std::to_string(hold.id), hold.choice.name(), hold.choice.mode,
                              hold.choice.scheduler ? std::optional(hold.choice.args) : std::nullopt});
  }
  return snapshot;
}

}  // namespace schedkit
