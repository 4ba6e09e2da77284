#include "core/policy/explain.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/condition_text.h"
#include "core/policy/world.h"

namespace schedkit {

namespace {

class Explainer {
 public:
  Explainer(const Engine& engine, const Decision& decision, Instant now)
      : engine_(engine), decision_(decision), now_(now) {}

  RuleExplanation rule(const Engine::RuleView& view) const {
    RuleExplanation explained;
    explained.status = view.status;
    explained.always = view.when.empty();
    explained.when = alternatives(view.when);
    explained.unless = alternatives(view.unless);
    explained.wins = decision_.rule == view.status.rule;
    explained.verdict = verdict(explained);
    explained.next_change = view.status.until;
    for (const auto* list : {&explained.when, &explained.unless}) {
      for (const auto& alternative : *list) {
        for (const auto& condition : alternative.conditions) {
          explained.next_change = earlier(explained.next_change, condition.until);
        }
      }
    }
    return explained;
  }

 private:
  std::vector<AlternativeExplanation> alternatives(const Engine::Alternatives& sets) const {
    std::vector<AlternativeExplanation> explained;
    for (const auto& facts : sets) {
      auto& alternative = explained.emplace_back();
      alternative.holds = true;
      for (const auto fact : facts) {
        auto detail = engine_.world().detail(fact, now_);
        const bool holds = engine_.world().holds(fact);
        alternative.holds = alternative.holds && holds;
        alternative.conditions.push_back(
            {to_text(engine_.world().condition(fact)), holds, std::move(detail.text), detail.until});
      }
    }
    return explained;
  }

  std::string verdict(const RuleExplanation& rule) const {
    const bool excluded = std::ranges::any_of(rule.unless, &AlternativeExplanation::holds);
    switch (rule.status.state) {
      case RuleState::idle: return excluded ? "does not hold: its `unless` does" : "does not hold";
      case RuleState::pending: return "holds, but not yet for its delay";
      case RuleState::active:
      case RuleState::lingering: break;
    }
    const std::string lingers = rule.status.state == RuleState::lingering ? "lingers" : "holds";
    if (rule.wins) return lingers + " and wins";
    const auto lost = std::ranges::find(decision_.losers, rule.status.rule, &Loser::rule);
    return lost == decision_.losers.end() ? lingers : fmt::format("{}, but {}", lingers, lost->reason);
  }

  const Engine& engine_;
  const Decision& decision_;
  Instant now_;
};

}  // namespace

Explanation explain(const Engine& engine, const Decision& decision, Instant now) {
  Explanation explanation;
  explanation.decision = decision;
  if (const auto& override = engine.current_override()) {
    explanation.above.push_back(fmt::format("override to {} by {}", override->choice.name(), override->by));
  }
  const auto& holds = engine.holds();
  for (auto hold = holds.rbegin(); hold != holds.rend(); ++hold) {
    const std::string why = hold->reason.empty() ? "" : ": " + hold->reason;
    explanation.above.push_back(fmt::format("hold {} on {} by {}{}", hold->id, hold->choice.name(), hold->by, why));
  }
  const Explainer explainer(engine, decision, now);
  for (const auto& view : engine.ranked()) explanation.rules.push_back(explainer.rule(view));
  explanation.next_change = engine.next_change();
  return explanation;
}

Result<void> keep_rule(Explanation& explanation, const std::string& name) {
  std::erase_if(explanation.rules, [&](const RuleExplanation& rule) {
    return rule.status.rule != name && rule.status.rule.substr(rule.status.rule.find('/') + 1) != name;
  });
  if (explanation.rules.empty()) {
    return fail(Errc::not_found, "no rule is called {}; `schedctl explain` shows all", quote(name));
  }
  return {};
}

}  // namespace schedkit
