#include "core/policy/engine.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "core/base/text.h"
#include "core/policy/world.h"

namespace schedkit {

Engine::Engine() : world_(std::make_unique<World>()) {}
Engine::~Engine() = default;

// --- policy ---

namespace {

bool same_rule(const Rule& a, const Rule& b) {
  return a.id() == b.id() && a.use == b.use && a.priority == b.priority && a.delay == b.delay && a.linger == b.linger &&
         a.when == b.when && a.unless == b.unless;
}

bool counts(RuleState state) { return state == RuleState::active || state == RuleState::lingering; }
bool is_timed(RuleState state) { return state == RuleState::pending || state == RuleState::lingering; }

}  // namespace

void Engine::replace(Policy policy) {
  std::unordered_map<std::string, std::size_t> before;
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) before.emplace(policy_.rules[i].id(), i);
  std::vector<CompiledRule> rules(policy.rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto found = before.find(policy.rules[i].id());
    if (found != before.end() && same_rule(policy_.rules[found->second], policy.rules[i])) {
      rules[i].timer = rules_[found->second].timer;
    }
  }
  policy_ = std::move(policy);
  rules_ = std::move(rules);
  compile();
  index_timers();
}

// After all of them became others.
void Engine::index_timers() {
  timers_.clear_all();
  counting_.clear();
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const auto& timer = rules_[i].timer;
    if (counts(timer.state)) counting_.insert(rank_of(i));
    if (is_timed(timer.state)) timers_.set(i, timer.until);
  }
  fresh_ = true;
  stale_ = true;
}

// Gives every distinct condition its number and every rule its place among equals.
void Engine::compile() {
  std::map<Condition, Fact> numbers;
  std::vector<Condition> conditions;
  rules_of_.clear();
  const auto compiled = [&](const std::vector<ConditionSet>& sets, std::uint32_t rule) {
    Alternatives alternatives;
    for (const auto& set : sets) {
      auto& all = alternatives.emplace_back();
      for (const auto& condition : set) {
        const auto [found, fresh] = numbers.try_emplace(condition, static_cast<Fact>(conditions.size()));
        if (fresh) {
          conditions.push_back(condition);
          rules_of_.emplace_back();
        }
        all.push_back(found->second);
        rules_of_[found->second].push_back(rule);
      }
    }
    return alternatives;
  };
  std::vector<std::pair<std::string, std::uint32_t>> names;
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    rules_[i].when = compiled(policy_.rules[i].when, i);
    rules_[i].unless = compiled(policy_.rules[i].unless, i);
    names.emplace_back(policy_.rules[i].id(), i);
  }
  std::ranges::sort(names);
  for (std::uint32_t order = 0; order < names.size(); ++order) rules_[names[order].second].order = order;
  world_->watch(conditions);
}

// --- snapshots ---

Snapshot Engine::snapshot(Instant now) const {
  Snapshot snapshot{world_->known(now), {}, {}};
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const auto& timer = rules_[i].timer;
    if (timer.state == RuleState::idle) continue;
    snapshot.rules.push_back({policy_.rules[i].id(), timer.state, now - timer.since,
                              is_timed(timer.state) ? timer.until - now : Duration(0)});
  }
  return snapshot;
}

void Engine::resume(const Snapshot& snapshot, Instant now) {
  world_ = std::make_unique<World>();
  compile();
  for (const auto& [event, ago] : snapshot.events) world_->apply(event, now - ago);
  std::unordered_map<std::string, const RuleSnapshot*> known;
  for (const auto& rule : snapshot.rules) known.emplace(rule.rule, &rule);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto found = known.find(policy_.rules[i].id());
    rules_[i].timer = found == known.end()
                          ? RuleTimer()
                          : RuleTimer{found->second->state, now - found->second->since, now + found->second->ends_in};
  }
  index_timers();
}

// --- time and events ---

void Engine::apply(const Event& event, Instant now) {
  advance(now);
  world_->apply(event, now);
  follow_facts(now);
}

// Everything that fell due, in its order and dated to its own instant, so that late calls change nothing.
void Engine::advance(Instant now) {
  for (auto due = earlier(timers_.next(), world_->next()); due && *due <= now;
       due = earlier(timers_.next(), world_->next())) {
    while (const auto rule = timers_.pop_due(*due)) look(*rule, *due);
    world_->advance(*due);
    follow_facts(*due);
  }
  if (fresh_) {
    fresh_ = false;
    world_->settle(now);
    (void)world_->take_changed();
    for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) look(rule, now);
  }
  if (override_ && override_->until && *override_->until <= now) clear_override();
}

void Engine::follow_facts(Instant now) {
  for (const auto fact : world_->take_changed()) {
    for (const auto rule : rules_of_[fact]) look(rule, now);
  }
}

bool Engine::any_holds(const Alternatives& alternatives) const {
  return std::ranges::any_of(alternatives, [this](const auto& all) {
    return std::ranges::all_of(all, [this](Fact fact) { return world_->holds(fact); });
  });
}

bool Engine::holds(std::uint32_t rule) const {
  return (rules_[rule].when.empty() || any_holds(rules_[rule].when)) && !any_holds(rules_[rule].unless);
}

void Engine::look(std::uint32_t rule, Instant now) {
  auto& timer = rules_[rule].timer;
  const auto before = timer;
  const auto rank_before = rank_of(rule);
  step(policy_.rules[rule], timer, holds(rule), now);
  if (is_timed(timer.state)) {
    timers_.set(rule, timer.until);
  } else {
    timers_.clear(rule);
  }
  if (timer.state == before.state && timer.since == before.since) return;
  if (counts(before.state)) counting_.erase(rank_before);
  if (counts(timer.state)) counting_.insert(rank_of(rule));
  stale_ = stale_ || counts(before.state) || counts(timer.state);
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

std::optional<Instant> Engine::next_change() const {
  const auto rules_and_facts = earlier(timers_.next(), world_->next());
  return override_ ? earlier(rules_and_facts, override_->until) : rules_and_facts;
}

// --- override and holds ---

void Engine::set_override(Override choice) {
  override_ = std::move(choice);
  stale_ = true;
}

void Engine::clear_override() {
  override_.reset();
  stale_ = true;
}

std::uint32_t Engine::add_hold(Choice choice, std::string by, std::string reason) {
  holds_.push_back({++last_hold_, std::move(choice), std::move(by), std::move(reason)});
  stale_ = true;
  return last_hold_;
}

bool Engine::release_hold(std::uint32_t id) {
  stale_ = true;
  return std::erase_if(holds_, [id](const Hold& hold) { return hold.id == id; }) > 0;
}

// --- decision ---

Engine::Rank Engine::rank_of(std::uint32_t rule) const {
  return {-policy_.rules[rule].priority, policy_.rules[rule].when.empty(), -rules_[rule].timer.since.time_since_epoch(),
          rules_[rule].order, rule};
}

namespace {

std::string why_lost(const Rule& winner, const Rule& loser) {
  if (winner.priority != loser.priority) {
    return fmt::format("priority {} is below {} of {}", loser.priority, winner.priority, winner.id());
  }
  if (winner.when.empty() != loser.when.empty()) return fmt::format("has no conditions, {} has", winner.id());
  return fmt::format("same priority as {}, which is active since later", winner.id());
}

// Puts `choice` above what `decision` holds.
void raise(Decision& decision, const Choice& choice, Cause cause, std::string reason, std::string_view above) {
  if (!decision.rule.empty()) {
    decision.losers.insert(decision.losers.begin(), {decision.rule, fmt::format("{} stands above it", above)});
  }
  decision.choice = choice;
  decision.cause = cause;
  decision.rule.clear();
  decision.reason = std::move(reason);
}

}  // namespace

const Decision& Engine::decide(Instant now) {
  advance(now);
  if (std::exchange(stale_, false)) decide_anew();
  return decision_;
}

void Engine::decide_anew() {
  decision_ = {policy_.fallback, Cause::default_choice, "", "no rule holds", {}};
  for (const auto& rank : counting_) {
    const Rule& rule = policy_.rules[rank.rule];
    if (!decision_.rule.empty()) {
      decision_.losers.push_back({rule.id(), why_lost(policy_.rules[counting_.begin()->rule], rule)});
      continue;
    }
    const bool lingers = rules_[rank.rule].timer.state == RuleState::lingering;
    decision_.choice = rule.use;
    decision_.cause = Cause::rule;
    decision_.rule = rule.id();
    decision_.reason = fmt::format("rule {} {}", rule.id(), lingers ? "lingers" : "holds");
  }
  if (!holds_.empty()) {
    const auto& hold = holds_.back();
    const std::string why = hold.reason.empty() ? "" : ": " + hold.reason;
    raise(decision_, hold.choice, Cause::hold, fmt::format("hold by {}{}", hold.by, why), "a hold");
  }
  if (override_) {
    raise(decision_, override_->choice, Cause::override_choice, fmt::format("override by {}", override_->by),
          "an override");
  }
}

// --- views ---

RuleStatus Engine::status_of(std::uint32_t rule) const {
  const auto& timer = rules_[rule].timer;
  RuleStatus status{policy_.rules[rule].id(), policy_.rules[rule].use.name(), policy_.rules[rule].priority, timer.state,
                    std::nullopt};
  if (is_timed(timer.state)) status.until = timer.until;
  return status;
}

std::vector<std::uint32_t> Engine::by_priority() const {
  std::vector<std::uint32_t> order(rules_.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [this](std::uint32_t rule) { return policy_.rules[rule].priority; });
  return order;
}

std::vector<RuleStatus> Engine::rules() const {
  std::vector<RuleStatus> statuses;
  for (const auto rule : by_priority()) statuses.push_back(status_of(rule));
  return statuses;
}

std::vector<Engine::RuleView> Engine::ranked() const {
  std::vector<RuleView> views;
  const auto add = [&](std::uint32_t rule) {
    views.push_back({policy_.rules[rule], rules_[rule].when, rules_[rule].unless, status_of(rule)});
  };
  for (const auto& rank : counting_) add(rank.rule);
  for (const auto rule : by_priority()) {
    if (!counts(rules_[rule].timer.state)) add(rule);
  }
  return views;
}

}  // namespace schedkit
