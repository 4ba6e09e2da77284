#include "core/policy/engine.h"

#include <algorithm>
#include <tuple>

#include "core/base/text.h"
#include "core/policy/process_table.h"

namespace schedkit {

Engine::Engine() : processes_(std::make_unique<ProcessTable>()) {}
Engine::~Engine() = default;

namespace {

bool same_rule(const Rule& a, const Rule& b) {
  return a.id() == b.id() && a.use == b.use && a.priority == b.priority && a.delay == b.delay && a.linger == b.linger &&
         a.when == b.when && a.unless == b.unless;
}

}  // namespace

void Engine::replace(Policy policy) {
  std::vector<CompiledRule> compiled;
  processes_->clear_conditions();
  for (const auto& rule : policy.rules) {
    CompiledRule next{{}, compile(rule.when), compile(rule.unless)};
    for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
      if (same_rule(policy_.rules[i], rule)) next.timer = rules_[i].timer;
    }
    compiled.push_back(std::move(next));
  }
  policy_ = std::move(policy);
  rules_ = std::move(compiled);
}

Engine::Alternatives Engine::compile(const std::vector<ConditionSet>& sets) {
  Alternatives alternatives;
  for (const auto& set : sets) {
    std::vector<std::size_t> all;
    for (const auto& condition : set) {
      if (const auto* process = std::get_if<ProcessCondition>(&condition))
        all.push_back(processes_->add_condition(*process));
    }
    alternatives.push_back(std::move(all));
  }
  return alternatives;
}

namespace {

struct Apply {
  ProcessTable& table;
  void operator()(const ProcessSeen& seen) const { table.seen(seen.process); }
  void operator()(const ProcessGone& gone) const { table.gone(gone.id); }
  void operator()(const ProcessSnapshot& snapshot) const { table.snapshot(snapshot.processes); }
  template <class Other>
  void operator()(const Other&) const {}  // no condition asks for the other kinds yet
};

}  // namespace

void Engine::apply(const Event& event, Instant now) {
  advance(now);
  std::visit(Apply{*processes_}, event);
  advance(now);
}

void Engine::set_override(Override choice) { override_ = std::move(choice); }
void Engine::clear_override() { override_.reset(); }

bool Engine::any_holds(const Alternatives& alternatives) const {
  return std::ranges::any_of(alternatives, [this](const auto& all) {
    return std::ranges::all_of(all, [this](std::size_t condition) { return processes_->holds(condition); });
  });
}

void Engine::advance(Instant now) {
  if (override_ && override_->until && *override_->until <= now) override_.reset();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const bool holds = (rules_[i].when.empty() || any_holds(rules_[i].when)) && !any_holds(rules_[i].unless);
    step(policy_.rules[i], rules_[i].timer, holds, now);
  }
}

// Goes through as many states as `now` allows. A change is dated to when it fell due, so that late calls change
// nothing.
void Engine::step(const Rule& rule, RuleTimer& timer, bool holds, Instant now) {
  if (timer.state == RuleState::idle && holds) timer = {RuleState::pending, now, now + rule.delay};
  if (timer.state == RuleState::pending) {
    if (!holds) {
      timer = {};
    } else if (timer.until <= now) {
      timer = {RuleState::active, timer.until, {}};
    }
  }
  if (timer.state == RuleState::active && !holds) {
    timer = {RuleState::lingering, timer.since, now + rule.linger};
  }
  if (timer.state == RuleState::lingering) {
    if (holds) {
      timer = {RuleState::active, timer.since, {}};
    } else if (timer.until <= now) {
      timer = {};
    }
  }
}

std::vector<std::size_t> Engine::ranked() const {
  std::vector<std::size_t> counting;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto state = rules_[i].timer.state;
    if (state == RuleState::active || state == RuleState::lingering) counting.push_back(i);
  }
  const auto rank = [this](std::size_t i) {
    const auto& rule = policy_.rules[i];
    return std::tuple(-rule.priority, rule.when.empty(), -rules_[i].timer.since.time_since_epoch().count(), rule.id());
  };
  std::ranges::sort(counting, [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return counting;
}

namespace {

std::string why_lost(const Rule& winner, const Rule& loser) {
  if (winner.priority != loser.priority) {
    return fmt::format("priority {} is below {} of {}", loser.priority, winner.priority, winner.id());
  }
  if (winner.when.empty() != loser.when.empty()) return fmt::format("has no conditions, {} has", winner.id());
  return fmt::format("same priority as {}, which is active since later", winner.id());
}

}  // namespace

Decision Engine::decide(Instant now) {
  advance(now);
  const auto counting = ranked();
  Decision decision{policy_.fallback, Cause::default_choice, "", "no rule holds", {}};
  if (!counting.empty()) {
    const Rule& winner = policy_.rules[counting[0]];
    const bool lingers = rules_[counting[0]].timer.state == RuleState::lingering;
    decision.choice = winner.use;
    decision.cause = Cause::rule;
    decision.rule = winner.id();
    decision.reason = fmt::format("rule {} {}", winner.id(), lingers ? "lingers" : "holds");
    for (std::size_t i = 1; i < counting.size(); ++i) {
      const Rule& loser = policy_.rules[counting[i]];
      decision.losers.push_back({loser.id(), why_lost(winner, loser)});
    }
  }
  if (override_) {
    if (!decision.rule.empty())
      decision.losers.insert(decision.losers.begin(), {decision.rule, "an override stands above it"});
    decision.choice = override_->choice;
    decision.cause = Cause::override_choice;
    decision.rule.clear();
    decision.reason = fmt::format("override by {}", override_->by);
  }
  return decision;
}

std::optional<Instant> Engine::next_change() const {
  std::optional<Instant> next = override_ ? override_->until : std::nullopt;
  for (const auto& rule : rules_) {
    const bool timed = rule.timer.state == RuleState::pending || rule.timer.state == RuleState::lingering;
    if (timed && (!next || rule.timer.until < *next)) next = rule.timer.until;
  }
  return next;
}

std::vector<RuleStatus> Engine::rules() const {
  std::vector<RuleStatus> statuses;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& rule = policy_.rules[i];
    const auto& timer = rules_[i].timer;
    RuleStatus status{rule.id(), rule.use.name(), rule.priority, timer.state, std::nullopt};
    if (timer.state == RuleState::pending || timer.state == RuleState::lingering) status.until = timer.until;
    statuses.push_back(std::move(status));
  }
  std::ranges::stable_sort(statuses, [](const auto& a, const auto& b) { return a.priority > b.priority; });
  return statuses;
}

}  // namespace schedkit
