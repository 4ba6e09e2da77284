#include "core/policy/glob_index.h"

#include <algorithm>
#include <random>

#include "core/base/text.h"
#include "core/policy/cgroup_glob.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(GlobIndex) {
  GlobIndex index;

  std::size_t candidates(std::string_view text) const {
    std::vector<std::uint32_t> found;
    index.find(text, found);
    return found.size();
  }
};

TEST(GlobIndex, a_text_meets_only_globs_that_share_its_ends) {
  index.add("cs2", 1);
  index.add("steam*", 2);
  index.add("*.exe", 3);
  index.add("a*long-end", 4);
  LONGS_EQUAL(1, candidates("cs2"));
  LONGS_EQUAL(1, candidates("steamwebhelper"));
  LONGS_EQUAL(1, candidates("game.exe"));
  LONGS_EQUAL(2, candidates("steam.exe"));
  LONGS_EQUAL(1, candidates("xlong-end"));  // may be too many
  LONGS_EQUAL(0, candidates("bash"));
}

TEST(GlobIndex, a_glob_without_literal_ends_is_always_a_candidate) {
  index.add("*x*", 1);
  LONGS_EQUAL(1, candidates("bash"));
}

TEST(GlobIndex, stars_for_segments_may_stand_for_none) {
  index.add("/a/**", 1);
  LONGS_EQUAL(1, candidates("/a"));
}

// Whatever a glob matches, the index finds it.
TEST(GlobIndex, misses_nothing) {
  std::mt19937 random(1);
  const auto text_of = [&](std::string_view letters) {
    std::string text = "/";
    for (auto length = random() % 7; length > 0; --length) text += letters[random() % letters.size()];
    return text;
  };
  int matches = 0;
  for (int round = 0; round < 20000; ++round) {
    const auto glob = text_of("ab/*?[]\\");
    const auto text = text_of("ab/");
    index.clear();
    index.add(glob, 1);
    if (!glob_match(glob, text) &&
        (text.ends_with('/') || text.find("//") != std::string::npos || glob.ends_with('/') ||
         glob.find("//") != std::string::npos || !cgroup_glob_match(glob, text))) {
      continue;
    }
    ++matches;
    CHECK_TRUE_TEXT(candidates(text) > 0, (glob + " " + text).c_str());
  }
  CHECK_TRUE(matches > 100);
}
