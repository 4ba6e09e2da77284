#include "core/bus/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Journal) {
  int ends[2] = {-1, -1};
  std::string name;  // as systemd would have it for ends[1]

  void setup() override {
    CHECK_EQUAL(0, ::pipe(ends));
    struct stat now {};
    CHECK_EQUAL(0, ::fstat(ends[1], &now));
    name = fmt::format("{}:{}", now.st_dev, now.st_ino);
  }
  void teardown() override {
    ::close(ends[0]);
    ::close(ends[1]);
    log::set_journal({});
    log::set_level(log::Level::info);
  }
};

TEST(Journal, is_what_systemd_says_it_is) { CHECK_TRUE(is_journal(ends[1], name.c_str())); }

TEST(Journal, is_not_what_took_its_place) {
  CHECK_FALSE(is_journal(ends[1], nullptr));
  CHECK_FALSE(is_journal(ends[1], "8:1"));
  CHECK_FALSE(is_journal(ends[1], ""));
  CHECK_FALSE(is_journal(-1, name.c_str()));
}

TEST(Journal, gets_text_and_fields_of_what_is_not_too_detailed) {
  std::vector<std::string> got;
  log::set_journal([&](log::Level level, std::string_view text, const log::Fields& fields) {
    got.push_back(fmt::format("{} {}", static_cast<int>(level), text));
    for (const auto& [key, value] : fields) got.push_back(fmt::format("{}={}", key, value));
    return true;
  });
  log::write(log::Level::debug, "not this", {});
  log::write(log::Level::notice, "two\nlines", {{"SCHEDKIT_SCHEDULER", "lavd"}});
  log::info("plain");
  const std::vector<std::string> wanted = {"5 two | lines", "SCHEDKIT_SCHEDULER=lavd", "6 plain"};
  CHECK_TRUE(wanted == got);
}
