#include "core/source/clock_source.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"
#include "tests/fakes/fake_clock.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(ClockSource) {
  Loop loop;
  fakes::FakeClock clock;
  TemporaryDirectory etc;
  UniqueFd setter{::eventfd(0, EFD_CLOEXEC)};
  std::vector<Duration> offsets;
  std::vector<std::string> zones;
  std::unique_ptr<ClockSource> source;

  void setup() override {
    source = std::make_unique<ClockSource>(
        loop, clock, ClockSource::Options{etc.path(), [this]() -> Result<UniqueFd> {
                                            return UniqueFd(::fcntl(setter.get(), F_DUPFD_CLOEXEC, 3));
                                          }});
    link("Europe/Berlin");
  }
  void teardown() override { source.reset(); }

  void link(const std::string& zone) {
    std::filesystem::create_symlink("/usr/share/zoneinfo/" + zone, etc / "new");
    std::filesystem::rename(etc / "new", etc / "localtime");
  }
  Result<void> start(bool clock_wanted) {
    return source->start({.clock = clock_wanted}, [this](const Event& event) {
      if (const auto* set = std::get_if<ClockSet>(&event)) offsets.push_back(set->offset);
      if (const auto* zone = std::get_if<ZoneChanged>(&event)) zones.push_back(zone->zone);
    });
  }
};

TEST(ClockSource, offset_and_zone_are_told_at_once) {
  CHECK_TRUE(start(true).has_value());
  LONGS_EQUAL(1, offsets.size());
  CHECK_TRUE(offsets[0] == clock.wall_now().time_since_epoch() - clock.now().time_since_epoch());
  LONGS_EQUAL(1, zones.size());
  STRCMP_EQUAL("Europe/Berlin", zones[0].c_str());
}

TEST(ClockSource, without_an_interest_nothing_is_open) {
  CHECK_TRUE(start(false).has_value());
  CHECK_FALSE(loop.run_once(false));
  CHECK_TRUE(source->watch({.clock = true}).has_value());
  LONGS_EQUAL(1, offsets.size());
  CHECK_TRUE(source->watch({}).has_value());
  while (loop.run_once(false)) continue;
  LONGS_EQUAL(1, offsets.size());
}

TEST(ClockSource, a_clock_that_was_set_is_told) {
  CHECK_TRUE(start(true).has_value());
  const std::uint64_t once = 1;
  LONGS_EQUAL(sizeof(once), ::write(setter.get(), &once, sizeof(once)));
  CHECK_TRUE(run_until(loop, [&] { return offsets.size() == 2; }));
  loop.run_once(false);
  LONGS_EQUAL(2, offsets.size());
  LONGS_EQUAL(1, source->status().wakeups);
}

TEST(ClockSource, another_zone_is_told_and_other_files_are_not) {
  CHECK_TRUE(start(true).has_value());
  std::ofstream(etc / "passwd") << "root\n";
  link("America/New_York");
  CHECK_TRUE(run_until(loop, [&] { return zones.size() == 2; }));
  STRCMP_EQUAL("America/New_York", zones[1].c_str());
  LONGS_EQUAL(1, source->status().wakeups);
  std::ofstream(etc / "passwd") << "root again\n";
  for (int i = 0; i < 5; ++i) loop.run_once(false);
  link("Europe/Berlin");
  CHECK_TRUE(run_until(loop, [&] { return zones.size() == 3; }));
  LONGS_EQUAL(2, source->status().wakeups);
}

TEST(ClockSource, the_real_timer_is_quiet_while_nobody_sets_the_clock) {
  const SystemClock real;
  ClockSource quiet(loop, real);
  CHECK_TRUE(quiet.start({.clock = true}, [](const Event&) {}).has_value());
  for (int i = 0; i < 3; ++i) loop.run_once(false);
  LONGS_EQUAL(0, quiet.status().wakeups);
  LONGS_EQUAL(2, quiet.status().delivered);
}

TEST(ClockSource, a_zone_has_its_name_from_the_link_or_from_debians_file) {
  STRCMP_EQUAL("Europe/Berlin", read_zone(etc.path()).c_str());
  std::filesystem::remove(etc / "localtime");
  STRCMP_EQUAL("", read_zone(etc.path()).c_str());
  std::ofstream(etc / "localtime") << "TZif2";
  std::ofstream(etc / "timezone") << "Asia/Tokyo\n";
  STRCMP_EQUAL("Asia/Tokyo", read_zone(etc.path()).c_str());
  std::filesystem::remove(etc / "localtime");
  std::filesystem::create_symlink("../usr/share/zoneinfo/Etc/UTC", etc / "localtime");
  STRCMP_EQUAL("Etc/UTC", read_zone(etc.path()).c_str());
}
