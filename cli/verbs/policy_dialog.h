// The guided form of `schedctl policy add`: questions on a terminal.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace schedkit {

// What `policy add` is told, by options or by the dialog.
struct NewRule {
  std::string name;
  std::string use;
  std::vector<std::string> when;
};

// Shows the question and returns the line, without its end; nothing when the input has ended.
using Ask = std::function<std::optional<std::string>(const std::string& question)>;

// Asks for what is missing in `rule`; a wrong answer is said and asked for again. False when the input ended.
// `schedulers`: what can be used, for the list.
bool ask_for_rule(NewRule& rule, const std::vector<std::string>& schedulers, const Ask& ask);

// "y" or only return is yes.
bool ask_yes(const std::string& question, const Ask& ask);

}  // namespace schedkit
