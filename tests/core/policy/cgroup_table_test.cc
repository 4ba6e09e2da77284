#include "core/policy/cgroup_table.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(CgroupTable) {
  Facts facts;
  CgroupTable table{facts};
  const Fact populated = 0;
  const Fact exists = 1;

  void setup() override {
    facts.reset(2);
    table.watch({{{{"/build/*"}, false}, populated}, {{{"/build/*"}, true}, exists}});
  }
};

TEST(CgroupTable, holds_while_one_that_fits_is_populated) {
  table.seen({"/build/a", false});
  CHECK_FALSE(facts.holds(populated));
  CHECK_TRUE(facts.holds(exists));
  table.seen({"/build/a", true});
  table.seen({"/build/b", true});
  table.seen({"/build/a", false});
  CHECK_TRUE(facts.holds(populated));
  table.gone("/build/b");
  CHECK_FALSE(facts.holds(populated));
  CHECK_TRUE(facts.holds(exists));
  table.gone("/build/a");
  CHECK_FALSE(facts.holds(exists));
}

TEST(CgroupTable, others_and_repetitions_change_nothing) {
  table.seen({"/other/a", true});
  table.gone("/build/never-seen");
  CHECK_FALSE(facts.holds(exists));
  table.seen({"/build/a", true});
  table.seen({"/build/a", true});
  table.gone("/build/a");
  CHECK_FALSE(facts.holds(populated));
}

TEST(CgroupTable, a_snapshot_replaces_everything) {
  table.seen({"/build/a", true});
  table.snapshot({{"/build/b", false}});
  CHECK_FALSE(facts.holds(populated));
  CHECK_TRUE(facts.holds(exists));
  table.snapshot({});
  CHECK_FALSE(facts.holds(exists));
}

TEST(CgroupTable, new_conditions_look_at_the_cgroups_already_there) {
  table.seen({"/build/a", true});
  facts.reset(1);
  table.watch({{{{"/x", "/build/a"}, false}, 0}});
  CHECK_TRUE(facts.holds(0));
}

TEST(CgroupTable, says_which_one) {
  STRCMP_EQUAL("no such cgroup", table.detail(populated).text.c_str());
  table.seen({"/build/a", false});
  STRCMP_EQUAL("1 match, none of them populated", table.detail(populated).text.c_str());
  STRCMP_EQUAL("/build/a exists", table.detail(exists).text.c_str());
  table.seen({"/build/b", true});
  STRCMP_EQUAL("/build/b is populated", table.detail(populated).text.c_str());
}
