// How the checks are shown.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/sched/doctor/checks.h"

namespace schedkit::doctor {

namespace {

using Json = nlohmann::ordered_json;

const char* word(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warn: return "warn";
    case Severity::error: return "error";
  }
  return "error";
}

const char* word(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return "pass";
    case Outcome::fail: return "fail";
    case Outcome::skip: return "skip";
  }
  return "fail";
}

const char* label(const Check& check) {
  if (check.outcome == Outcome::pass) return "[PASS]";
  if (check.outcome == Outcome::skip) return "[SKIP]";
  return check.severity == Severity::error ? "[ERROR]" : "[WARN]";
}

}  // namespace

std::string to_json(const std::vector<Check>& checks) {
  Json list = Json::array();
  for (const auto& check : checks) {
    Json one = {{"id", check.id},
                {"description", check.description},
                {"severity", word(check.severity)},
                {"status", word(check.outcome)}};
    if (!check.detail.empty()) one["detail"] = check.detail;
    one["remediation"] = check.remediation;
    list.push_back(std::move(one));
  }
  const auto summary = summarize(checks);
  const Json all = {{"checks", std::move(list)},
                    {"summary",
                     {{"passed", summary.passed},
                      {"failed", summary.failed},
                      {"skipped", summary.skipped},
                      {"blocking", summary.blocking}}}};
  return all.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const std::vector<Check>& checks) {
  std::string text;
  std::string remedies;
  for (const auto& check : checks) {
    text += fmt::format("{}  {}{}{}\n", label(check), check.id, check.detail.empty() ? "" : "  ", check.detail);
    if (check.outcome != Outcome::pass) remedies += fmt::format("  {}: {}\n", check.id, check.remediation);
  }
  if (!remedies.empty()) text += "\nRemediation:\n" + remedies;
  const auto summary = summarize(checks);
  return text + fmt::format("\nSummary: {} passed, {} failed, {} skipped ({} blocking)\n", summary.passed,
                            summary.failed, summary.skipped, summary.blocking);
}

}  // namespace schedkit::doctor
