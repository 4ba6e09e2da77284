#include "core/policy/cgroup_filter.h"

#include "core/policy/cgroup_glob.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(CgroupFilter){};

TEST(CgroupFilter, stars_stay_within_a_segment) {
  CHECK_TRUE(cgroup_glob_match("/system.slice/docker-*.scope", "/system.slice/docker-1f.scope"));
  CHECK_TRUE(cgroup_glob_match("/*/b?", "/a/bc"));
  CHECK_FALSE(cgroup_glob_match("/*", "/a/b"));
  CHECK_FALSE(cgroup_glob_match("/a*c", "/a/c"));
  CHECK_FALSE(cgroup_glob_match("/a", "/a/b"));
  CHECK_FALSE(cgroup_glob_match("/a/b", "/a"));
  CHECK_FALSE(cgroup_glob_match("/a", "/ab"));
}

TEST(CgroupFilter, two_stars_are_any_number_of_segments) {
  CHECK_TRUE(cgroup_glob_match("/user.slice/**/app-*.scope", "/user.slice/app-x.scope"));
  CHECK_TRUE(cgroup_glob_match("/user.slice/**/app-*.scope", "/user.slice/a/b/c/app-x.scope"));
  CHECK_FALSE(cgroup_glob_match("/user.slice/**/app-*.scope", "/user.slice/a/app-x.scope/below"));
  CHECK_TRUE(cgroup_glob_match("/machine.slice/**", "/machine.slice"));
  CHECK_TRUE(cgroup_glob_match("/machine.slice/**", "/machine.slice/a/b"));
  CHECK_FALSE(cgroup_glob_match("/machine.slice/**", "/machine.slices"));
  CHECK_TRUE(cgroup_glob_match("/**/**/a", "/a"));
  CHECK_TRUE(cgroup_glob_match("/**", "/"));
}

TEST(CgroupFilter, walks_enter_only_where_something_can_match) {
  CHECK_TRUE(cgroup_glob_enters("/system.slice/a", "/"));
  CHECK_TRUE(cgroup_glob_enters("/system.slice/a", "/system.slice"));
  CHECK_FALSE(cgroup_glob_enters("/system.slice/a", "/system.slice/a"));
  CHECK_FALSE(cgroup_glob_enters("/system.slice/a", "/user.slice"));
  CHECK_TRUE(cgroup_glob_enters("/a/**", "/a/b/c"));
  CHECK_FALSE(cgroup_glob_enters("/a/**", "/b"));
  CHECK_TRUE(cgroup_glob_enters("/a/**/x", "/a/x"));
}

TEST(CgroupFilter, the_kernel_filters_by_the_literal_beginning) {
  const auto filter = cgroup_filter({"/system.slice/docker-*.scope", "/machine.slice/**", "/a/b"});
  CHECK_TRUE((filter.paths == std::set<std::string>{"/a/b", "/machine.slice", "/system.slice/docker-"}));
  CHECK_TRUE(filter.names.empty());
  CHECK_TRUE(filter.wide_because.empty());
  CHECK_TRUE(filter.admits("/machine.slice"));
  CHECK_TRUE(filter.admits("/system.slice/docker-1"));
  CHECK_FALSE(filter.admits("/system.slice/other"));
}

TEST(CgroupFilter, behind_two_stars_the_name_is_filtered) {
  const auto filter = cgroup_filter({"/user.slice/**/app-game-*.scope"});
  CHECK_TRUE(filter.paths.empty());
  CHECK_TRUE((filter.names == std::set<std::string>{"app-game-"}));
  CHECK_TRUE(filter.admits("/user.slice/u/app-game-7.scope"));
  CHECK_FALSE(filter.admits("/user.slice/app-game-7.scope/x"));
}

TEST(CgroupFilter, what_cannot_be_filtered_says_so) {
  for (const char* glob : {"/**", "/*.slice", "/**/*.scope", "/[ab]"}) {
    const auto filter = cgroup_filter({glob});
    CHECK_TRUE((filter.paths == std::set<std::string>{"/"}));
    LONGS_EQUAL(1, filter.wide_because.size());
    STRCMP_CONTAINS(glob, filter.wide_because[0].c_str());
  }
}

TEST(CgroupFilter, long_and_many_globs_only_widen_the_filter) {
  const std::string path = "/" + std::string(300, 'x');
  const auto filter = cgroup_filter({path});
  LONGS_EQUAL(longest_cgroup_prefix, filter.paths.begin()->size());
  CHECK_TRUE(filter.admits(path));
  std::set<std::string> many;
  for (std::size_t i = 0; i <= most_cgroup_prefixes; ++i) many.insert("/a" + std::to_string(i));
  CHECK_TRUE((cgroup_filter(many).paths == std::set<std::string>{"/"}));
  LONGS_EQUAL(1, cgroup_filter(many).wide_because.size());
}

// Whatever a glob matches must pass the filter and lie where a walk comes.
TEST(CgroupFilter, filter_and_walk_never_lose_a_match) {
  const std::vector<std::string> parts{"a", "ab", "b", "*", "a*", "?b", "**", "[ab]", "a\\b"};
  const std::vector<std::string> names{"a", "ab", "b", "bb"};
  std::vector<std::string> globs{""};
  std::vector<std::string> paths{""};
  for (int depth = 0; depth < 3; ++depth) {
    for (auto i = globs.size(); i-- > 0;) {
      for (const auto& part : parts) globs.push_back(globs[i] + "/" + part);
    }
    for (auto i = paths.size(); i-- > 0;) {
      for (const auto& name : names) paths.push_back(paths[i] + "/" + name);
    }
  }
  std::size_t matches = 0;
  for (std::size_t g = 1; g < globs.size(); g += 7) {
    const auto filter = cgroup_filter({globs[g]});
    for (std::size_t p = 1; p < paths.size(); p += 3) {
      if (!cgroup_glob_match(globs[g], paths[p])) continue;
      ++matches;
      CHECK_TEXT(filter.admits(paths[p]), (globs[g] + " " + paths[p]).c_str());
      for (auto slash = paths[p].rfind('/'); slash != std::string::npos && slash > 0;
           slash = paths[p].rfind('/', slash - 1)) {
        CHECK_TEXT(cgroup_glob_enters(globs[g], paths[p].substr(0, slash)), (globs[g] + " " + paths[p]).c_str());
      }
    }
  }
  CHECK_TRUE(matches > 100);
}
