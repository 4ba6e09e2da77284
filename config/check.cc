#include "config/check.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "config/parse.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/unreachable.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

// Files whose present version is in error fall back to the last good one and then out, until the rest fits together.
// Each round takes at least one version away, so it ends.
class Check {
 public:
  explicit Check(const std::vector<Candidate>& candidates)
      : candidates_(candidates), versions_(candidates.size()), order_(candidates.size()) {
    checked_.outcomes.resize(candidates.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::ranges::sort(order_, [&](std::size_t a, std::size_t b) {
      if (candidates_[a].layer != candidates_[b].layer) return candidates_[a].layer > candidates_[b].layer;
      return candidates_[a].name < candidates_[b].name;
    });
  }

  Checked run() {
    for (std::size_t i = 0; i < candidates_.size(); ++i) take_own_problems(i);
    do {
      select();
    } while (!unresolved_fall_back() || !duplicates_fall_back() || !excess_falls_back());
    build();
    return std::move(checked_);
  }

 private:
  enum class Version { current, last_good, none };

  void take_own_problems(std::size_t i) {
    const auto& candidate = candidates_[i];
    checked_.outcomes[i].errors = candidate.current.errors;
    checked_.outcomes[i].warnings = candidate.current.warnings;
    if (candidate.layer == PolicyLayer::cluster && candidate.current.ok() && candidate.current.text.empty()) {
      blame(i, {Errc::denied,
                "a file of the cluster without schedulers and rules masks nothing; remove it",
                {candidate.path, 0, 0}});
    }
    if (!checked_.outcomes[i].errors.empty()) fall_back(i);
  }

  void fall_back(std::size_t i) {
    const bool has_last_good = versions_[i] == Version::current && candidates_[i].last_good.has_value();
    versions_[i] = has_last_good ? Version::last_good : Version::none;
  }

  void blame(std::size_t i, Error error) {
    auto& errors = checked_.outcomes[i].errors;
    if (std::ranges::find(errors, error) == errors.end()) errors.push_back(std::move(error));
  }

  ActiveText text_of(std::size_t i) const {
    const auto& candidate = candidates_[i];
    if (versions_[i] == Version::current) return {candidate.layer, &candidate.current.text, nullptr};
    return {candidate.layer, &candidate.last_good->text, &candidate.last_good->borrowed};
  }

  // Who is in force, given the versions: the highest of each name.
  void select() {
    active_.clear();
    texts_.clear();
    std::map<std::string_view, std::size_t> highest;
    for (const auto i : order_) {
      auto& outcome = checked_.outcomes[i];
      outcome.hidden_by.clear();
      if (versions_[i] == Version::none) {
        outcome.state = PolicyFileState::rejected;
        continue;
      }
      const auto [above, fresh] = highest.try_emplace(candidates_[i].name, i);
      if (!fresh || (candidates_[i].is_mask && versions_[i] == Version::current)) {
        outcome.state = PolicyFileState::masked;
        if (!fresh) outcome.hidden_by = candidates_[above->second].path;
        continue;
      }
      outcome.state = versions_[i] == Version::current ? PolicyFileState::loaded : PolicyFileState::last_good;
      active_.push_back(i);
      texts_.push_back(text_of(i));
    }
  }

  // False when a file fell back, as in the other two.
  bool unresolved_fall_back() {
    const Definitions definitions(texts_);
    std::vector<std::size_t> failed;
    for (std::size_t at = 0; at < active_.size(); ++at) {
      const auto before = failed.size();
      const auto take = [&](const Result<ResolvedUse>& resolved) {
        if (resolved) return;
        blame(active_[at], resolved.error());
        if (failed.size() == before) failed.push_back(active_[at]);
      };
      for (const auto& rule : texts_[at].text->rules) {
        if (rule.enabled) take(resolve_use(texts_[at], rule, definitions));
      }
      if (texts_[at].text->settings) take(resolve_default(texts_[at], definitions));
    }
    for (const auto i : failed) fall_back(i);
    return failed.empty();
  }

  bool duplicates_fall_back() {
    std::map<std::pair<PolicyLayer, std::string_view>, const Scheduler*> seen;
    std::vector<std::size_t> failed;
    for (std::size_t at = 0; at < active_.size(); ++at) {
      const auto i = active_[at];
      if (versions_[i] != Version::current) continue;  // keeps what it had, for its own rules
      bool duplicate = false;
      for (const auto& scheduler : texts_[at].text->schedulers) {
        const auto found = seen.find({candidates_[i].layer, scheduler.name});
        if (found == seen.end()) continue;
        duplicate = true;
        blame(i, {Errc::exists,
                  fmt::format("scheduler {} is already defined at {}:{}; remove one or give it another name",
                              quote(scheduler.name, 64), found->second->where.file, found->second->where.line),
                  scheduler.where});
      }
      if (duplicate) {
        failed.push_back(i);
        continue;
      }
      for (const auto& scheduler : texts_[at].text->schedulers) {
        seen.try_emplace({candidates_[i].layer, scheduler.name}, &scheduler);
      }
    }
    for (const auto i : failed) fall_back(i);
    return failed.empty();
  }

  // The file that passes a limit is left out; what is above counts first.
  bool excess_falls_back() {
    std::size_t rules = 0;
    std::size_t schedulers = 0;
    for (std::size_t at = 0; at < active_.size(); ++at) {
      rules += texts_[at].text->rules.size();
      schedulers += texts_[at].text->schedulers.size();
      if (rules <= most_rules && schedulers <= most_schedulers) continue;
      blame(active_[at], {Errc::limit,
                          fmt::format("with this file there are more than {} rules or {} schedulers; remove some",
                                      most_rules, most_schedulers),
                          {candidates_[active_[at]].path, 0, 0}});
      fall_back(active_[at]);
      return false;
    }
    return true;
  }

  void build() {
    const Definitions definitions(texts_);
    Policy& policy = checked_.policy;
    for (std::size_t at = 0; at < active_.size(); ++at) {
      const auto& active = texts_[at];
      policy.schedulers.insert(policy.schedulers.end(), active.text->schedulers.begin(), active.text->schedulers.end());
      for (const auto& text : active.text->rules) {
        if (!text.enabled) continue;
        policy.rules.push_back(text.rule);
        policy.rules.back().use = choose_noting_loans(active_[at], resolve_use(active, text, definitions));
      }
      if (active.text->settings) {
        policy.settings = active.text->settings->settings;
        policy.fallback = choose_noting_loans(active_[at], resolve_default(active, definitions));
      }
    }
    for (auto& warning : unreachable_rules(policy)) warn_owner(std::move(warning));
  }

  Choice choose_noting_loans(std::size_t i, Result<ResolvedUse> resolved) {
    if (!resolved) return {};  // cannot be: the last round resolved all
    auto& borrowed = checked_.outcomes[i].borrowed;
    if (resolved->foreign && std::ranges::find(borrowed, *resolved->choice.scheduler) == borrowed.end()) {
      borrowed.push_back(*resolved->choice.scheduler);
    }
    return std::move(resolved->choice);
  }

  void warn_owner(Unreachable found) {
    for (const auto i : active_) {
      if (candidates_[i].name == found.file) checked_.outcomes[i].warnings.push_back(std::move(found.warning));
    }
  }

  const std::vector<Candidate>& candidates_;
  std::vector<Version> versions_;   // parallel to candidates_
  std::vector<std::size_t> order_;  // of candidates_: higher layers first, then by name
  std::vector<std::size_t> active_;
  std::vector<ActiveText> texts_;  // parallel to active_
  Checked checked_;
};

}  // namespace

Checked check_policy(const std::vector<Candidate>& candidates) { return Check(candidates).run(); }

}  // namespace schedkit
