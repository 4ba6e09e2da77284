#include "core/loop/dir_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/file.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

TEST_GROUP(DirWatch) {
  TemporaryDirectory top;
  Loop loop;
  int told = 0;
  std::unique_ptr<DirWatch> watch;

  void teardown() override { watch.reset(); }

  void begin(const std::vector<std::string>& names, Duration debounce = 0ms, std::set<std::string> only = {}) {
    std::vector<std::string> directories;
    for (const auto& name : names) directories.push_back(top / name);
    auto created = DirWatch::create(
        loop, directories, debounce, [this] { ++told; }, std::move(only));
    CHECK_TEXT(created.has_value(), created ? "" : created.error().text.c_str());
    watch = std::move(*created);
  }
  void make(const std::string& name) { fs::create_directories(top / name); }
  void write(const std::string& name) {
    const auto file = open_file(top / name, O_CREAT | O_WRONLY);
    LONGS_EQUAL(1, ::write(file->get(), "x", 1));
  }
  void move(const std::string& from, const std::string& to) { fs::rename(top / from, top / to); }
  void link(const std::string& target, const std::string& name) { fs::create_symlink(target, top / name); }

  // The kernel queues an event before the call that causes it returns, and without debounce it is told in the turn
  // after it is read.
  void turn() {
    for (int i = 0; i < 5; ++i) loop.run_once(false);
  }
  void check_told() {
    turn();
    CHECK_TRUE(told > 0);
    told = 0;
  }
  void check_quiet() {
    turn();
    LONGS_EQUAL(0, told);
  }
  // The directory is watched now, whatever happened to it.
  void check_works(const std::string& directory) {
    turn();
    told = 0;
    write(directory + "/check");
    check_told();
    check_quiet();
  }
};

TEST(DirWatch, only_the_names_asked_for_count) {
  make("d");
  begin({"d"}, 0ms, {"zone"});
  write("d/other");
  link("x", "d/link");
  check_quiet();
  link("x", "d/zone");
  check_told();
}

TEST(DirWatch, nothing_happened_nothing_is_told) {
  make("d");
  write("d/old");
  begin({"d"});
  check_quiet();
}

TEST(DirWatch, a_new_file_is_told) {
  make("d");
  begin({"d"});
  write("d/f");
  check_told();
  check_quiet();
}

TEST(DirWatch, a_half_written_file_is_told_when_its_writer_closes_it) {
  make("d");
  begin({"d"});
  auto file = open_file(top / "d/f", O_CREAT | O_WRONLY);
  check_quiet();
  LONGS_EQUAL(1, ::write(file->get(), "x", 1));
  check_quiet();
  file->reset();
  check_told();
}

TEST(DirWatch, a_file_that_is_replaced_atomically_is_told) {
  make("d");
  write("d/f");
  write("new");
  begin({"d"});
  move("new", "d/f");
  check_told();
  check_quiet();
}

TEST(DirWatch, links_and_removals_are_told) {
  make("d");
  write("d/f");
  begin({"d"});
  link("/etc/passwd", "d/symbolic");
  check_told();
  fs::create_hard_link(top / "d/f", top / "d/hard");
  check_told();
  fs::remove(top / "d/f");
  check_told();
  move("d/hard", "gone");
  check_told();
}

TEST(DirWatch, reading_is_no_change) {
  make("d");
  write("d/f");
  begin({"d"});
  CHECK_TRUE(read_file(top / "d/f", 10).has_value());
  check_quiet();
}

TEST(DirWatch, each_of_several_directories_counts) {
  make("a");
  make("b");
  begin({"a", "b", "missing"});
  write("a/f");
  check_told();
  write("b/f");
  check_told();
}

TEST(DirWatch, what_happens_beside_them_does_not_count) {
  make("d");
  begin({"d", "missing/deep"});
  write("f");
  make("e");
  write("e/f");
  fs::remove_all(top / "e");
  check_quiet();
}

TEST(DirWatch, changes_close_to_each_other_are_told_once) {
  make("d");
  begin({"d"}, 50ms);
  for (int i = 0; i < 20; ++i) {
    write("d/f" + std::to_string(i));
  }
  CHECK_TRUE(run_until(loop, [&] { return told > 0; }));
  turn();
  LONGS_EQUAL(1, told);
}

TEST(DirWatch, a_missing_directory_that_appears_is_told_and_watched) {
  begin({"d"});
  make("d");
  check_told();
  check_works("d");
}

TEST(DirWatch, missing_parents_may_appear_one_by_one_or_at_once) {
  begin({"a/b/c", "x/y/z"});
  make("a");
  turn();
  make("a/b");
  turn();
  make("a/b/c");
  check_works("a/b/c");
  make("x/y/z");
  check_works("x/y/z");
}

TEST(DirWatch, a_directory_moved_into_place_with_its_content_is_told) {
  make("new/inner");
  write("new/inner/f");
  begin({"d/inner"});
  move("new", "d");
  check_told();
  check_works("d/inner");
}

TEST(DirWatch, a_directory_that_vanishes_and_comes_back_is_told_and_watched) {
  make("d");
  begin({"d"});
  fs::remove(top / "d");
  check_told();
  make("d");
  check_told();
  check_works("d");
}

TEST(DirWatch, a_directory_that_is_replaced_is_told_and_watched) {
  make("d");
  make("new");
  begin({"d"});
  move("d", "old");
  move("new", "d");
  check_told();
  check_works("d");
  write("old/f");
  check_quiet();
}

TEST(DirWatch, a_parent_that_is_replaced_is_told) {
  make("a/d");
  make("new/d");
  begin({"a/d"});
  move("a", "old");
  move("new", "a");
  check_told();
  check_works("a/d");
}

TEST(DirWatch, a_parents_parent_that_is_replaced_is_told) {
  make("a/b/d");
  make("new/b/d");
  begin({"a/b/d"});
  move("a", "old");
  move("new", "a");
  check_told();
  check_works("a/b/d");
}

TEST(DirWatch, a_link_that_points_elsewhere_is_told) {
  make("one");
  make("two");
  link("one", "d");
  link("two", "new");
  begin({"d"});
  write("one/f");
  check_told();
  move("new", "d");
  check_told();
  write("two/f");
  check_told();
}

TEST(DirWatch, a_link_on_the_way_that_points_elsewhere_is_told) {
  make("one/d");
  make("two/d");
  link("one", "a");
  link("two", "new");
  begin({"a/d"});
  move("new", "a");
  check_told();
  write("two/d/f");
  check_told();
}

TEST(DirWatch, a_file_in_place_of_a_directory_is_waited_out) {
  write("d");
  begin({"d"});
  fs::remove(top / "d");
  make("d");
  check_told();
  check_works("d");
}

TEST(DirWatch, more_events_than_the_kernel_keeps_count_as_a_change) {
  make("d");
  const auto limit = read_file("/proc/sys/fs/inotify/max_queued_events", 100);
  const auto most = std::stoi(*limit);
  if (most > 50'000) return;
  write("d/f");
  begin({"d"});
  for (int i = 0; i <= most / 2; ++i) {  // two different events each, so that none is merged with the last
    fs::create_symlink("x", top / "d/link");
    fs::remove(top / "d/link");
  }
  check_told();
  check_works("d");
}

TEST(DirWatch, it_may_be_destroyed_by_its_own_call) {
  make("d");
  const std::vector<int> captured(100, 1);
  watch = *DirWatch::create(loop, {top / "d"}, 0ms, [&, captured] {
    watch.reset();
    told += captured[99];
  });
  write("d/f");
  loop.run();
  LONGS_EQUAL(1, told);
}

TEST(DirWatch, destroyed_with_a_change_untold_it_tells_nobody) {
  make("d");
  begin({"d"}, 1h);
  write("d/f");
  turn();
  watch.reset();
  loop.run();
  LONGS_EQUAL(0, told);
}
