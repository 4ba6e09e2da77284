#include "core/source/cgroup_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(CgroupTree) {
  TemporaryDirectory directory;

  Result<CgroupTree> find(const std::string& mountinfo) {
    std::ofstream(directory / "mountinfo") << mountinfo;
    return CgroupTree::find(directory / "mountinfo");
  }
  void make(const std::string& path, const std::string& events) {
    std::filesystem::create_directories(directory / ("tree" + path));
    std::ofstream(directory / ("tree" + path + "/cgroup.events")) << events;
  }
};

TEST(CgroupTree, is_found_on_unified_and_on_hybrid_hosts) {
  auto tree = find("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  CHECK_TRUE(tree.has_value());
  STRCMP_EQUAL("/sys/fs/cgroup/a/b", tree->directory("/a/b").c_str());
  tree = find(
      "31 41 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "41 31 0:38 / /sys/fs/my\\040cgroup rw,relatime - cgroup2 cgroup2 rw\n");
  CHECK_TRUE(tree.has_value());
  STRCMP_EQUAL("/sys/fs/my cgroup", tree->directory("/").c_str());
}

TEST(CgroupTree, is_not_found_where_there_is_none_or_a_part) {
  const auto none = find("31 41 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  CHECK_FALSE(none.has_value());
  STRCMP_CONTAINS("version 1 alone", none.error().text.c_str());
  const auto part = find("30 23 0:26 /system.slice/x /sys/fs/cgroup rw - cgroup2 cgroup rw\n\ngarbage - \n");
  CHECK_FALSE(part.has_value());
  STRCMP_CONTAINS("a part", part.error().text.c_str());
}

TEST(CgroupTree, finds_what_matches) {
  make("/a", "populated 1\nfrozen 0\n");
  make("/a/x", "populated 0\nfrozen 0\n");
  make("/a/x/y", "populated 1\nfrozen 1\n");
  make("/b/x", "populated 1\nfrozen 0\n");
  const CgroupTree tree(directory / "tree");
  auto found = tree.scan({"/a/**"});
  LONGS_EQUAL(3, found.size());
  std::ranges::sort(found, {}, &CgroupSeen::path);
  CHECK_TRUE(found[0].path == "/a" && found[0].populated);
  CHECK_TRUE(found[1].path == "/a/x" && !found[1].populated);
  CHECK_TRUE(found[2].path == "/a/x/y" && found[2].populated);
  LONGS_EQUAL(2, tree.scan({"/*/x"}).size());
  LONGS_EQUAL(0, tree.scan({"/c"}).size());
  CHECK_FALSE(tree.read("/c").has_value());
}
