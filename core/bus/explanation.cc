#include "core/bus/explanation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

std::chrono::milliseconds from_now(Instant when, Instant now) {
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(when - now));
}

void add_change(Json& object, std::optional<Instant> when, Instant now) {
  if (when) object["changes_in_ms"] = from_now(*when, now).count();
}

Json alternatives_json(const std::vector<AlternativeExplanation>& alternatives, Instant now) {
  Json array = Json::array();
  for (const auto& alternative : alternatives) {
    Json conditions = Json::array();
    for (const auto& condition : alternative.conditions) {
      Json object = {{"condition", condition.condition}, {"holds", condition.holds}, {"detail", condition.detail}};
      add_change(object, condition.until, now);
      conditions.push_back(std::move(object));
    }
    array.push_back({{"holds", alternative.holds}, {"conditions", std::move(conditions)}});
  }
  return array;
}

Json rule_json(const RuleExplanation& rule, Instant now) {
  Json object = {{"rule", rule.status.rule},
                 {"use", rule.status.use},
                 {"priority", rule.status.priority},
                 {"state", to_string(rule.status.state)},
                 {"wins", rule.wins},
                 {"verdict", rule.verdict}};
  add_change(object, rule.next_change, now);
  object["when"] = alternatives_json(rule.when, now);
  object["unless"] = alternatives_json(rule.unless, now);
  return object;
}

std::string in_text(std::optional<Instant> when, Instant now) {
  return when ? fmt::format(" (changes in {})", format_duration(from_now(*when, now))) : std::string();
}

void add_alternatives(std::string& text, std::string_view word, const std::vector<AlternativeExplanation>& alternatives,
                      Instant now) {
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    text += fmt::format("    {}{}\n", i == 0 ? "" : "or ", word);
    for (const auto& condition : alternatives[i].conditions) {
      text += fmt::format("      [{}] {}: {}{}\n", condition.holds ? "x" : " ", bus::printable(condition.condition),
                          bus::printable(condition.detail), in_text(condition.until, now));
    }
  }
}

}  // namespace

std::string explanation_json(const Explanation& explanation, Instant now) {
  const auto& decision = explanation.decision;
  Json object = {{"scheduler", decision.choice.name()}, {"mode", decision.choice.mode}, {"args", decision.choice.args},
                 {"cause", to_string(decision.cause)},  {"rule", decision.rule},        {"reason", decision.reason},
                 {"above", explanation.above}};
  add_change(object, explanation.next_change, now);
  object["rules"] = Json::array();
  for (const auto& rule : explanation.rules) object["rules"].push_back(rule_json(rule, now));
  return object.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string explanation_text(const Explanation& explanation, Instant now) {
  const auto& decision = explanation.decision;
  std::string text = fmt::format("{}: {}\n", bus::printable(decision.choice.name()), bus::printable(decision.reason));
  for (const auto& line : explanation.above) text += fmt::format("  {}\n", bus::printable(line));
  for (const auto& rule : explanation.rules) {
    text += fmt::format("  {} -> {}, priority {}: {}{}\n", bus::printable(rule.status.rule),
                        bus::printable(rule.status.use), rule.status.priority, bus::printable(rule.verdict),
                        in_text(rule.status.until, now));
    if (rule.always) text += "    always\n";
    add_alternatives(text, "when", rule.when, now);
    add_alternatives(text, "unless", rule.unless, now);
  }
  return text;
}

}  // namespace schedkit
