// The checks of `schedctl doctor`. Upstream's ids, words and JSON are kept; ours are added behind them.
#pragma once

#include <string>
#include <vector>

#include "core/sched/doctor/facts.h"

namespace schedkit::doctor {

enum class Severity { info, warn, error };
enum class Outcome { pass, fail, skip };

struct Check {
  std::string id;
  std::string description;
  Severity severity = Severity::error;
  Outcome outcome = Outcome::pass;
  std::string detail;       // may be empty
  std::string remediation;  // what to do when it fails
};

std::vector<Check> run_checks(const Facts& facts);

struct Summary {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  int blocking = 0;  // failed with severity error
};
Summary summarize(const std::vector<Check>& checks);

// {checks: [{id, description, severity, status, detail?, remediation}], summary: {…}}, indented.
std::string to_json(const std::vector<Check>& checks);
std::string to_text(const std::vector<Check>& checks);

}  // namespace schedkit::doctor
