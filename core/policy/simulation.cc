#include "core/policy/simulation.h"

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/policy/engine.h"
#include "core/policy/interests.h"

namespace schedkit {

namespace {

constexpr Instant beginning{Duration(std::chrono::hours(1))};

bool fits(const std::string& wanted, const std::string& found) { return wanted.empty() || wanted == found; }

// Whether a signal on the bus is one that `match` describes.
bool describes(const SignalMatch& match, const SignalMatch& signal) {
  return match.bus == signal.bus && fits(match.sender, signal.sender) && fits(match.path, signal.path) &&
         fits(match.interface, signal.interface) && fits(match.member, signal.member) &&
         std::ranges::all_of(match.args, [&](const auto& arg) {
           const auto found = signal.args.find(arg.first);
           return found != signal.args.end() && glob_match(arg.second, found->second);
         });
}

class Simulation {
 public:
  explicit Simulation(const Policy& policy) : interests_(interests_of(policy)) { engine_.replace(policy); }

  Result<std::vector<SimulationOutcome>> run(const std::vector<SimulationStep>& steps) {
    follow();
    for (const auto& step : steps) {
      pass_time_until(beginning + step.at);
      auto done = std::visit([this](const auto& action) { return act(action); }, step.action);
      if (!done) {
        done.error().where = step.where;
        return fail(std::move(done.error()));
      }
      follow();
    }
    return std::move(outcomes_);
  }

 private:
  void pass_time_until(Instant end) {
    while (true) {
      auto next = engine_.next_change();
      if (held_back_) next = earlier(next, not_before_);
      if (!next || *next > end) break;
      now_ = std::max(now_, *next);
      follow();
    }
    now_ = end;
    follow();
  }

  // As Controller::reconsider() does.
  void follow() {
    const Decision& wanted = engine_.decide(now_);
    held_back_ = false;
    if (!outcomes_.empty()) {
      const auto& present = outcomes_.back().decision;
      const bool same = same_program(wanted.choice, present.choice);
      const bool automatic = wanted.cause == Cause::rule || wanted.cause == Cause::default_choice;
      if (same && wanted.cause == present.cause && wanted.rule == present.rule) return;
      if (!same && automatic && now_ < not_before_) {
        held_back_ = true;
        return;
      }
      if (!same) not_before_ = now_ + engine_.policy().settings.dwell;
    } else {
      not_before_ = now_ + engine_.policy().settings.dwell;
    }
    outcomes_.push_back({now_ - beginning, wanted});
  }

  Result<void> act(SimulatedWait) { return {}; }

  Result<void> act(const Event& event) {
    const auto* signal = std::get_if<SignalSeen>(&event);
    if (signal == nullptr) {
      engine_.apply(event, now_);
      return {};
    }
    for (const auto& match : interests_.signals) {
      if (describes(match, signal->match)) engine_.apply(SignalSeen{match}, now_);
    }
    return {};
  }

  Result<void> act(const SimulatedClock& clock) {
    engine_.apply(ClockSet{clock.wall.time_since_epoch() - now_.time_since_epoch()}, now_);
    return {};
  }

  Result<void> act(const SimulatedRun& run) {
    auto choice = resolve(run.scheduler, run.mode);
    if (!choice) return fail(std::move(choice.error()));
    if (run.args) choice->args = *run.args;
    const auto until = run.until.value_or(engine_.policy().settings.override_until);
    Override override{std::move(*choice), "simulate", std::nullopt};
    if (until.kind == Lifetime::Kind::limited) override.until = now_ + until.duration;
    engine_.set_override(std::move(override));
    return {};
  }

  Result<void> act(SimulatedAuto) {
    engine_.clear_override();
    not_before_ = now_;
    return {};
  }

  Result<void> act(const SimulatedHold& hold) {
    auto choice = resolve(hold.scheduler, hold.mode);
    if (!choice) return fail(std::move(choice.error()));
    holds_[hold.name] = engine_.add_hold(std::move(*choice), hold.name);
    return {};
  }

  Result<void> act(const SimulatedRelease& release) {
    const auto found = holds_.find(release.name);
    if (found == holds_.end()) return fail(Errc::not_found, "there is no hold {}", quote(release.name, 64));
    (void)engine_.release_hold(found->second);
    holds_.erase(found);
    return {};
  }

  Result<Choice> resolve(const std::string& name, const std::string& mode) const {
    if (name == "kernel") return Choice{};
    const Scheduler* scheduler = engine_.policy().find(name);
    if (scheduler == nullptr) return fail(Errc::not_found, "no policy defines a scheduler {}", quote(name, 64));
    if (auto choice = choose(*scheduler, mode)) return std::move(*choice);
    return fail(Errc::not_found, "scheduler {} has no mode {}", name, quote(mode, 64));
  }

  Engine engine_;
  Interests interests_;
  Instant now_ = beginning;
  Instant not_before_ = beginning;
  bool held_back_ = false;
  std::map<std::string, std::uint32_t> holds_;
  std::vector<SimulationOutcome> outcomes_;
};

}  // namespace

Result<std::vector<SimulationOutcome>> simulate(const Policy& policy, const std::vector<SimulationStep>& steps) {
  return Simulation(policy).run(steps);
}

std::string to_text(const SimulationOutcome& outcome) {
  const auto& decision = outcome.decision;
  return fmt::format("{}  {}{}  {}\n", format_duration(outcome.at), decision.choice.name(),
                     decision.choice.mode.empty() ? "" : "/" + decision.choice.mode, decision.reason);
}

}  // namespace schedkit
