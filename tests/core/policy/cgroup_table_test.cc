#include "core/policy/cgroup_table.h"

#include "core/policy/cgroup_glob.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(CgroupGlob){
    static void matches(const char* glob, const char* path){CHECK_TRUE_TEXT(cgroup_glob_match(glob, path), path);
}
static void differs(const char* glob, const char* path) { CHECK_FALSE_TEXT(cgroup_glob_match(glob, path), path); }
}
;

TEST(CgroupGlob, a_star_stays_within_its_segment) {
  matches("/system.slice/*.service", "/system.slice/a.service");
  differs("/system.slice/*.service", "/system.slice/b/a.service");
  differs("/system.slice/*", "/system.slice");
  matches("/a?c/[x-z]", "/abc/y");
  differs("/a?c", "/a/c");
}

TEST(CgroupGlob, two_stars_are_any_number_of_segments) {
  matches("/a/**", "/a");
  matches("/a/**", "/a/b/c");
  matches("/**/x", "/x");
  matches("/**/x", "/a/b/x");
  differs("/**/x", "/a/x/b");
  matches("/a/**/b/**/c", "/a/b/b/x/c");
  differs("/a/**/b/**/c", "/a/c/b");
  matches("/**", "/");
  matches("/**", "/a/b");
}

TEST(CgroupGlob, two_stars_inside_a_segment_are_like_one) {
  matches("/a**b", "/axxb");
  differs("/a**b", "/a/b");
}

TEST(CgroupGlob, the_root_is_matched_by_itself) {
  matches("/", "/");
  differs("/", "/a");
  differs("/*", "/");
}

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
