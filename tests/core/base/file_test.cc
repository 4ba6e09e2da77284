#include "core/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

template <class T>
void check_fails(Errc code, const Result<T>& result, const std::string& named) {
  CHECK_FALSE(result.has_value());
  CHECK_TEXT(result.error().code == code, result.error().text.c_str());
  STRCMP_CONTAINS(named.c_str(), result.error().text.c_str());
}

}  // namespace

TEST_GROUP(File) {
  TemporaryDirectory directory;

  std::string path(const std::string& name) { return directory / name; }
  void write(const std::string& name, std::string_view content) {
    CHECK_TRUE(write_file_atomic(path(name), content).has_value());
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      found.push_back(entry.path().filename());
    }
    return found;
  }
};

TEST(File, reads_what_was_written_byte_for_byte) {
  const std::string content("a\0b\n\xff", 5);
  write("f", content);
  CHECK_TRUE(*read_file(path("f"), 5) == content);
}

TEST(File, reads_an_empty_file) {
  write("f", "");
  STRCMP_EQUAL("", read_file(path("f"), 0)->c_str());
}

TEST(File, one_byte_beyond_the_limit_is_an_error) {
  write("f", "12345");
  CHECK_TRUE(read_file(path("f"), 5).has_value());
  check_fails(Errc::limit, read_file(path("f"), 4), path("f"));
  check_fails(Errc::limit, read_file(path("f"), 0), path("f"));
}

TEST(File, the_limit_holds_beyond_one_read) {
  const std::string content(200'000, 'x');
  write("f", content);
  CHECK_TRUE(*read_file(path("f"), 200'000) == content);
  check_fails(Errc::limit, read_file(path("f"), 199'999), path("f"));
}

TEST(File, reads_files_of_the_kernel_whose_size_is_zero) {
  const auto status = read_file("/proc/self/status", 1 << 20);
  CHECK_TRUE(status && status->starts_with("Name:"));
}

TEST(File, an_endless_file_ends_at_the_limit) {
  check_fails(Errc::limit, read_file("/dev/zero", 100'000), "/dev/zero");
}

TEST(File, a_missing_file_is_not_found) { check_fails(Errc::not_found, read_file(path("f"), 10), path("f")); }

TEST(File, a_directory_is_no_file) { check_fails(Errc::invalid, read_file(directory.path(), 10), directory.path()); }

TEST(File, a_fifo_without_a_writer_does_not_block) {
  LONGS_EQUAL(0, ::mkfifo(path("fifo").c_str(), 0600));
  STRCMP_EQUAL("", read_file(path("fifo"), 10)->c_str());
}

TEST(File, a_fifo_with_a_silent_writer_does_not_block) {
  LONGS_EQUAL(0, ::mkfifo(path("fifo").c_str(), 0600));
  const auto writer = open_file(path("fifo"), O_RDWR);
  CHECK_TRUE(writer.has_value());
  check_fails(Errc::busy, read_file(path("fifo"), 10), path("fifo"));
}

TEST(File, opened_files_are_not_inherited) {
  write("f", "");
  const auto fd = open_file(path("f"), O_RDONLY);
  CHECK_TRUE((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST(File, an_atomic_write_leaves_nothing_but_the_file) {
  write("f", "old");
  write("f", "new");
  STRCMP_EQUAL("new", read_file(path("f"), 10)->c_str());
  LONGS_EQUAL(1, names().size());
}

TEST(File, an_atomic_write_gives_the_mode_asked_for_whatever_the_umask) {
  const mode_t before = ::umask(0077);
  const auto written = write_file_atomic(path("f"), "x", 0644);
  ::umask(before);
  CHECK_TRUE(written.has_value());
  struct stat status {};
  ::stat(path("f").c_str(), &status);
  LONGS_EQUAL(0644, status.st_mode & 07777);
}

TEST(File, an_atomic_write_replaces_the_file_that_others_still_read) {
  write("f", "old");
  const auto reader = open_file(path("f"), O_RDONLY);
  write("f", "newer");
  char content[8] = {};
  LONGS_EQUAL(3, ::read(reader->get(), content, sizeof content));
  STRCMP_EQUAL("old", content);
}

TEST(File, a_failed_write_leaves_the_old_content_and_no_temporary_file) {
  check_fails(Errc::not_found, write_file_atomic(path("missing/f"), "x"), path("missing/f"));
  std::filesystem::create_directory(path("taken"));
  write("taken/inside", "kept");
  CHECK_FALSE(write_file_atomic(path("taken"), "x").has_value());
  STRCMP_EQUAL("kept", read_file(path("taken/inside"), 10)->c_str());
  LONGS_EQUAL(1, names().size());
}

TEST(File, a_left_over_temporary_file_is_in_nobodys_way) {
  std::filesystem::create_symlink("/nowhere", path("f." + std::to_string(::getpid()) + ".tmp"));
  write("f", "x");
  LONGS_EQUAL(1, names().size());
}

TEST(File, makes_missing_parents) {
  CHECK_TRUE(make_directories(path("a/b/c")).has_value());
  CHECK_TRUE(make_directories(path("a/b/c")).has_value());
  CHECK_TRUE(make_directories(path("a/d/")).has_value());
  CHECK_TRUE(std::filesystem::is_directory(path("a/b/c")));
  CHECK_TRUE(std::filesystem::is_directory(path("a/d")));
}

TEST(File, a_file_in_the_way_of_a_directory_is_named) {
  write("f", "x");
  check_fails(Errc::exists, make_directories(path("f")), path("f"));
  CHECK_FALSE(make_directories(path("f/g")).has_value());
}

TEST(File, remove_tree_takes_everything_but_follows_no_link) {
  write("outside", "kept");
  std::filesystem::create_directories(path("tree/a/b"));
  write("tree/a/b/f", "x");
  std::filesystem::create_symlink("..", path("tree/up"));
  std::filesystem::create_symlink(path("outside"), path("tree/a/link"));
  CHECK_TRUE(remove_tree(path("tree")).has_value());
  CHECK_FALSE(std::filesystem::exists(path("tree")));
  STRCMP_EQUAL("kept", read_file(path("outside"), 10)->c_str());
}

TEST(File, remove_tree_of_a_link_leaves_what_it_points_to) {
  std::filesystem::create_directory(path("d"));
  write("d/f", "kept");
  std::filesystem::create_directory_symlink(path("d"), path("link"));
  CHECK_TRUE(remove_tree(path("link")).has_value());
  CHECK_FALSE(std::filesystem::is_symlink(path("link")));
  CHECK_TRUE(std::filesystem::exists(path("d/f")));
}

TEST(File, removing_what_is_missing_is_no_error) { CHECK_TRUE(remove_tree(path("never")).has_value()); }
