#include "cli/verbs/policy_dialog.h"

#include <algorithm>

#include "config/parse.h"
#include "config/suggest.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

// Asks until `accept` takes the answer; it returns what is wrong with it, or "".
bool ask_until(const std::string& question, const Ask& ask,
               const std::function<std::string(const std::string&)>& accept) {
  std::string shown = question;
  for (;;) {
    const auto answer = ask(shown);
    if (!answer) return false;
    const auto wrong = accept(std::string(trim(*answer)));
    if (wrong.empty()) return true;
    shown = wrong + "\n" + question;
  }
}

bool ask_name(NewRule& rule, const Ask& ask) {
  return ask_until("Name of the rule: ", ask, [&](const std::string& answer) -> std::string {
    if (!is_policy_name(answer)) return "  letters, digits, \"_\", \".\" and \"-\", please";
    rule.name = answer;
    return "";
  });
}

bool ask_when(NewRule& rule, const Ask& ask) {
  const std::string question =
      "While which programs run? Names as `ps` shows them, separated by commas; * is anything.\n"
      "Only return: always. Or a condition, as time.start=22:00 or power.source=battery.\n> ";
  return ask_until(question, ask, [&](const std::string& answer) -> std::string {
    if (answer.empty()) return "";
    rule.when.push_back(answer.find('=') == std::string::npos ? "process.comm=" + answer : answer);
    return "";
  });
}

bool ask_use(NewRule& rule, const std::vector<std::string>& schedulers, const Ask& ask) {
  std::string list = "Which scheduler? A number, a name, or an image reference:\n";
  for (std::size_t i = 0; i < schedulers.size(); ++i) list += fmt::format("  {:>2}  {}\n", i + 1, schedulers[i]);
  return ask_until(list + "> ", ask, [&](const std::string& answer) -> std::string {
    if (const auto number = parse_unsigned(answer); number && *number >= 1 && *number <= schedulers.size()) {
      rule.use = schedulers[*number - 1];
      return "";
    }
    if (is_image_reference(answer) || std::ranges::find(schedulers, answer) != schedulers.end()) {
      rule.use = answer;
      return "";
    }
    const std::vector<std::string_view> names(schedulers.begin(), schedulers.end());
    const auto near = nearest(answer, names);
    return fmt::format("  there is no scheduler {}{}", quote(answer, 64),
                       near.empty() ? "" : fmt::format("; did you mean {}?", near));
  });
}

}  // namespace

bool ask_for_rule(NewRule& rule, const std::vector<std::string>& schedulers, const Ask& ask) {
  if (rule.name.empty() && !ask_name(rule, ask)) return false;
  if (rule.when.empty() && !ask_when(rule, ask)) return false;
  return !rule.use.empty() || ask_use(rule, schedulers, ask);
}

bool ask_yes(const std::string& question, const Ask& ask) {
  const auto answer = ask(question + " [Y/n] ");
  return answer && (answer->empty() || trim(*answer).substr(0, 1) == "y" || trim(*answer).substr(0, 1) == "Y");
}

}  // namespace schedkit
