#include "config/process_cost.h"

#include "core/base/text.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(ProcessCost){static std::string cost(const std::string& when){
    const auto parsed = parse("[[rules]]\nname = \"a\"\nuse = \"kernel\"\n" + when + "\n");
check_lines("", parsed.errors);
Policy policy;
policy.rules.push_back(parsed.text.rules.at(0).rule);
return join(process_costs(policy), "\n");
}
}
;

TEST(ProcessCost, names_are_filtered_in_the_kernel) {
  STRCMP_EQUAL("x.toml/a: process: filtered in the kernel by name",
               cost("when.process.comm = [\"cs2\", \"*.exe\"]").c_str());
  STRCMP_EQUAL("x.toml/a: process: filtered in the kernel by name; reads cmdline, environment of each that passes",
               cost("when.process = { comm = \"cs2\", cmdline = \"*\", env = { A = \"b\" } }").c_str());
}

TEST(ProcessCost, without_a_name_every_process_costs) {
  STRCMP_EQUAL(
      "x.toml/a: process: every process that starts wakes the daemon (no comm or exe to filter by); reads user of each "
      "that passes",
      cost("when.process.user = \"alice\"").c_str());
}

TEST(ProcessCost, each_condition_has_its_line_and_other_kinds_have_none) {
  STRCMP_EQUAL("", cost("when.power.source = \"ac\"").c_str());
  LONGS_EQUAL(2, split(cost("when.process.comm = \"a\"\nunless.process.comm = \"b\""), '\n').size());
}
