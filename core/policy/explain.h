// Why the machine does what it does: every rule in the order in which it would win, with the conditions that make it
// hold or not and when time alone will change them. Plain data; reading it changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/policy/decision.h"
#include "core/policy/engine.h"

namespace schedkit {

struct ConditionExplanation {
  std::string condition;  // condition_text.h
  bool holds = false;
  std::string detail;            // what is known: "cs2 (4711)", "it is Sat 2026-03-28 23:30:00 Europe/Berlin"
  std::optional<Instant> until;  // when time alone will change it
};

// One of several: all its conditions must hold.
struct AlternativeExplanation {
  bool holds = false;
  std::vector<ConditionExplanation> conditions;
};

struct RuleExplanation {
  RuleStatus status;
  bool wins = false;    // what it wants is what is wanted now
  std::string verdict;  // one line: "wins", "counts, but …", "waits until its delay has passed", "does not hold"
  bool always = false;  // it has no `when`
  std::vector<AlternativeExplanation> when;
  std::vector<AlternativeExplanation> unless;
  std::optional<Instant> next_change;  // the first of its timer and its conditions
};

struct Explanation {
  Decision decision;
  std::vector<std::string> above;  // override and holds, one line each, the one that counts first
  std::vector<RuleExplanation> rules;
  std::optional<Instant> next_change;
};

// As of the last decide(); `now` is that instant.
Explanation explain(const Engine& engine, const Decision& decision, Instant now);

// Keeps one rule, by FILE/RULE or by RULE alone; Errc::not_found when there is none.
Result<void> keep_rule(Explanation& explanation, const std::string& name);

}  // namespace schedkit
