#include "core/image/trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

// /run and everything above it are root's; /tmp, which everybody may write, is the counter-example.
TEST_GROUP(Trust) {
  const bool root = ::geteuid() == 0;
  TempTree tree{root ? "/run" : ""};
  LayoutWriter layout{tree.at("layout")};

  void setup() override { ::umask(022); }

  void denies(const std::string& path, const std::string& at_fault) {
    auto opened = root_owned_layout(path);
    CHECK_FALSE(opened.has_value());
    CHECK(opened.error().code == Errc::denied);
    CHECK_TEXT(opened.error().text.starts_with(at_fault + " "), opened.error().text.c_str());
  }
};

TEST(Trust, accepts_what_only_root_can_write) {
  if (!root) {
    UT_PRINT("needs root");
    return;
  }
  auto opened = root_owned_layout(tree.at("layout"));
  if (!opened) FAIL(opened.error().text.c_str());
  CHECK(Layout::open(std::move(*opened), "layout").has_value());
}

TEST(Trust, denies_a_world_writable_parent) {
  const TempTree open_to_all("/tmp");
  LayoutWriter other(open_to_all.at("layout"));
  denies(open_to_all.at("layout"), "/tmp");
}

TEST(Trust, names_what_others_can_write) {
  if (!root) {
    UT_PRINT("needs root");
    return;
  }
  const std::string path = tree.at("layout");
  ::chmod(path.c_str(), 0775);
  denies(path, path);
  ::chmod(path.c_str(), 0755);
  ::chmod((path + "/index.json").c_str(), 0666);
  denies(path, path + "/index.json");
  ::chmod((path + "/index.json").c_str(), 0644);
  CHECK_EQUAL(0, ::chown(tree.path().c_str(), 1, 0));
  denies(path, tree.path());
}

TEST(Trust, looks_behind_links) {
  if (!root) {
    UT_PRINT("needs root");
    return;
  }
  const TempTree open_to_all("/tmp");
  LayoutWriter other(open_to_all.at("layout"));
  CHECK_EQUAL(0, ::symlink(open_to_all.at("layout").c_str(), tree.at("away").c_str()));
  denies(tree.at("away"), "/tmp");
  CHECK_EQUAL(0, ::symlink("layout", tree.at("near").c_str()));
  CHECK(root_owned_layout(tree.at("near")).has_value());
  CHECK_EQUAL(0, ::lchown(tree.at("near").c_str(), 1, 1));
  denies(tree.at("near"), tree.at("near"));
  CHECK_EQUAL(0, ::symlink("loop", tree.at("loop").c_str()));
  CHECK(root_owned_layout(tree.at("loop")).error().code == Errc::invalid);
}

TEST(Trust, index_must_be_a_file_of_its_own) {
  if (!root) {
    UT_PRINT("needs root");
    return;
  }
  CHECK_EQUAL(0, ::rename(tree.at("layout/index.json").c_str(), tree.at("other").c_str()));
  CHECK_EQUAL(0, ::symlink("../other", tree.at("layout/index.json").c_str()));
  denies(tree.at("layout"), tree.at("layout/index.json"));
}

TEST(Trust, says_what_is_missing) {
  CHECK(root_owned_layout("/nonexistent/layout").error().code == Errc::not_found);
  CHECK(root_owned_layout("relative").error().code == Errc::invalid);
}
