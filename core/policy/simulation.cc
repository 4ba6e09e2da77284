#include "core/policy/simulation.h"

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/policy/dwell.h"
#include "core/policy/engine.h"
#include "core/policy/interests.h"

namespace schedkit {

namespace {

bool fits(const std::string& wanted, const std::string& found) { return wanted.empty() || wanted == found; }

// Whether a signal on the bus is one that `match` describes. In recordings it is known by the globs themselves.
bool describes(const SignalMatch& match, const SignalMatch& signal) {
  return match.bus == signal.bus && fits(match.sender, signal.sender) && fits(match.path, signal.path) &&
         fits(match.interface, signal.interface) && fits(match.member, signal.member) &&
         std::ranges::all_of(match.args, [&](const auto& arg) {
           const auto found = signal.args.find(arg.first);
           return found != signal.args.end() && (arg.second == found->second || glob_match(arg.second, found->second));
         });
}

class Simulation {
 public:
  Simulation(const Policy& policy, const LoadPolicies& load) : load_(load) { replace(policy); }

  Result<std::vector<SimulationOutcome>> run(const std::vector<SimulationStep>& steps) {
    const bool resumes = !steps.empty() && std::holds_alternative<SimulatedSnapshot>(steps.front().action);
    if (!resumes) follow();
    for (const auto& step : steps) {
      if (outcomes_.empty()) now_ = simulation_beginning + step.at;
      if (!outcomes_.empty()) pass_time_until(simulation_beginning + step.at);
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
  void replace(const Policy& policy) {
    interests_ = interests_of(policy);
    engine_.replace(policy);
  }

  void pass_time_until(Instant end) {
    while (true) {
      const auto next = earlier(engine_.next_change(), dwell_.deadline());
      if (!next || *next > end) break;
      now_ = std::max(now_, *next);
      follow();
    }
    now_ = end;
    follow();
  }

  void follow() {
    const Decision& wanted = engine_.decide(now_);
    const Decision* present = outcomes_.empty() ? nullptr : &outcomes_.back().decision;
    const auto step = dwell_.consider(present, wanted, now_, engine_.policy().settings.dwell);
    if (step == Dwell::Step::change || step == Dwell::Step::retell) {
      outcomes_.push_back({now_ - simulation_beginning, wanted});
    }
  }

  Result<void> act(SimulatedWait) { return {}; }

  // As the engine takes them: a signal is told for each match that it is.
  std::vector<Event> told(const Event& event) const {
    const auto* signal = std::get_if<SignalSeen>(&event);
    if (signal == nullptr) return {event};
    std::vector<Event> matches;
    for (const auto& match : interests_.signals) {
      if (describes(match, signal->match)) matches.emplace_back(SignalSeen{match});
    }
    return matches;
  }

  Result<void> act(const Event& event) {
    for (const auto& each : told(event)) engine_.apply(each, now_);
    return {};
  }

  Result<void> act(const SimulatedReload& reload) {
    if (reload.policies.empty()) {
      replace(Policy(engine_.policy()));
    } else {
      const auto policy = load_(reload.policies);
      if (!policy) return fail(policy.error());
      replace(*policy);
    }
    for (const auto& event : reload.events) (void)act(event);
    return {};
  }

  Result<void> act(const SimulatedSnapshot& snapshot) {
    Snapshot engine{{}, snapshot.engine.rules, {}};
    for (const auto& [event, ago] : snapshot.engine.events) {
      for (const auto& each : told(event)) engine.events.push_back({each, ago});
    }
    engine_.resume(engine, now_);
    dwell_.forget();
    if (snapshot.engine.dwell > Duration::zero()) dwell_.resume(now_ + snapshot.engine.dwell);
    for (const auto& [name, id] : std::exchange(holds_, {})) (void)engine_.release_hold(id);
    for (const auto& hold : snapshot.holds) {
      if (auto held = act(hold); !held) return held;
    }
    engine_.clear_override();
    if (snapshot.present) take(*snapshot.present);
    return snapshot.command ? act(*snapshot.command) : Result<void>();
  }

  // Of a scheduler that the policy does not have, the first decision here is the beginning.
  void take(const SimulatedPresent& present) {
    auto choice = resolve(present.choice.scheduler, present.choice.mode);
    if (!choice) return;
    if (present.choice.args) choice->args = *present.choice.args;
    const Decision decision{std::move(*choice), present.cause, present.rule, present.reason, {}};
    const Decision* before = outcomes_.empty() ? nullptr : &outcomes_.back().decision;
    if (before != nullptr && same_program(before->choice, decision.choice) && before->cause == decision.cause &&
        before->rule == decision.rule) {
      return;
    }
    outcomes_.push_back({now_ - simulation_beginning, decision});
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
    dwell_.forget();
    return {};
  }

  Result<void> act(const SimulatedHold& hold) {
    auto choice = resolve(hold.scheduler, hold.mode);
    if (!choice) return fail(std::move(choice.error()));
    if (hold.args) choice->args = *hold.args;
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
    if (scheduler == nullptr && name.find('/') != std::string::npos && mode.empty()) {  // an image
      Scheduler image;
      image.name = image.image = name;
      return *choose(image, "");
    }
    if (scheduler == nullptr) return fail(Errc::not_found, "no policy defines a scheduler {}", quote(name, 64));
    if (auto choice = choose(*scheduler, mode)) return std::move(*choice);
    return fail(Errc::not_found, "scheduler {} has no mode {}", name, quote(mode, 64));
  }

  const LoadPolicies& load_;
  Engine engine_;
  Interests interests_;
  Dwell dwell_;
  Instant now_ = simulation_beginning;
  std::map<std::string, std::uint32_t> holds_;
  std::vector<SimulationOutcome> outcomes_;
};

}  // namespace

Result<std::vector<SimulationOutcome>> simulate(const Policy& policy, const std::vector<SimulationStep>& steps,
                                                const LoadPolicies& load) {
  return Simulation(policy, load).run(steps);
}

std::string to_text(const SimulationOutcome& outcome) {
  const auto& decision = outcome.decision;
  return fmt::format("{}  {}{}  {}\n", format_duration(outcome.at), decision.choice.name(),
                     decision.choice.mode.empty() ? "" : "/" + decision.choice.mode, decision.reason);
}

}  // namespace schedkit
