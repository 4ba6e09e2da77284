#include "core/policy/time_window.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

// 2026-03-28 is a Saturday. Berlin is UTC+1, and UTC+2 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC.
WallTime utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  const auto days = std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
  return WallTime(days) + std::chrono::hours(hour) + std::chrono::minutes(minute);
}

constexpr std::uint8_t saturday = 1 << 5;
constexpr std::uint8_t sunday = 1 << 6;

TimeCondition window(int start, int end, std::uint8_t days = 0b1111111) {
  return {.start = start * 60, .end = end * 60, .days = days, .zone = {}};
}

}  // namespace

TEST_GROUP(TimeWindow) {
  TimeZone zone;  // UTC

  void setup() override { MEMCMP_EQUAL("UTC", zone.name().c_str(), 3); }
  void in_berlin() { zone = *TimeZone::load("Europe/Berlin"); }
  void inside_from_to(const TimeCondition& condition, WallTime from, WallTime to) const {
    CHECK_FALSE(is_inside(condition, zone, from - 1ns));
    CHECK_TRUE(is_inside(condition, zone, from));
    CHECK_TRUE(is_inside(condition, zone, to - 1ns));
    CHECK_FALSE(is_inside(condition, zone, to));
    CHECK_TRUE(next_edge(condition, zone, from - 1h) == from);
    CHECK_TRUE(next_edge(condition, zone, from) == to);
  }
};

TEST(TimeWindow, from_its_start_to_before_its_end) {
  inside_from_to(window(9, 17), utc(2026, 3, 28, 9), utc(2026, 3, 28, 17));
}

TEST(TimeWindow, across_midnight_it_belongs_to_the_day_on_which_it_starts) {
  inside_from_to(window(22, 6, saturday), utc(2026, 3, 28, 22), utc(2026, 3, 29, 6));
  CHECK_FALSE(is_inside(window(22, 6, saturday), zone, utc(2026, 3, 28, 5)));
  CHECK_FALSE(is_inside(window(22, 6, sunday), zone, utc(2026, 3, 28, 23)));
}

TEST(TimeWindow, the_next_one_may_be_days_away) {
  CHECK_TRUE(next_edge(window(9, 17, saturday), zone, utc(2026, 3, 28, 17)) == utc(2026, 4, 4, 9));
}

TEST(TimeWindow, whole_days_in_a_row_are_one) {
  inside_from_to(window(0, 24, saturday | sunday), utc(2026, 3, 28, 0), utc(2026, 3, 30, 0));
}

TEST(TimeWindow, every_day_and_all_day_never_changes) {
  CHECK_TRUE(is_inside(window(0, 24), zone, utc(2026, 3, 28, 0)));
  CHECK_FALSE(next_edge(window(0, 24), zone, utc(2026, 3, 28, 0)).has_value());
}

TEST(TimeWindow, local_time_counts) {
  in_berlin();
  inside_from_to(window(9, 17), utc(2026, 1, 10, 8), utc(2026, 1, 10, 16));
  inside_from_to(window(9, 17), utc(2026, 7, 10, 7), utc(2026, 7, 10, 15));
}

TEST(TimeWindow, in_the_night_when_the_clock_goes_forward_it_is_an_hour_shorter) {
  in_berlin();
  inside_from_to(window(22, 6), utc(2026, 3, 28, 21), utc(2026, 3, 29, 4));
}

TEST(TimeWindow, in_the_night_when_the_clock_goes_back_it_is_an_hour_longer) {
  in_berlin();
  inside_from_to(window(22, 6), utc(2026, 10, 24, 20), utc(2026, 10, 25, 5));
}

TEST(TimeWindow, a_skipped_start_is_the_moment_of_the_skip) {
  in_berlin();
  auto condition = window(2, 5, sunday);
  condition.start += 30;
  inside_from_to(condition, utc(2026, 3, 29, 1), utc(2026, 3, 29, 3));
}

TEST(TimeWindow, a_window_inside_a_skipped_hour_is_not_that_day) {
  in_berlin();
  auto condition = window(2, 2, sunday);
  condition.start += 10;
  condition.end += 50;
  CHECK_FALSE(is_inside(condition, zone, utc(2026, 3, 29, 1)));
  CHECK_TRUE(next_edge(condition, zone, utc(2026, 3, 28, 12)) == utc(2026, 4, 5, 0, 10));
}

TEST(TimeWindow, an_hour_that_comes_twice_is_inside_both_times) {
  in_berlin();
  inside_from_to(window(2, 3, sunday), utc(2026, 10, 25, 0), utc(2026, 10, 25, 2));
  auto until_half_past = window(1, 2, sunday);
  until_half_past.end += 30;  // 02:30 comes twice: the second time it ends
  inside_from_to(until_half_past, utc(2026, 10, 24, 23), utc(2026, 10, 25, 1, 30));
}

TEST(TimeWindow, zones_are_loaded_by_name) {
  CHECK_FALSE(TimeZone::load("Mars/Olympus").has_value());
  CHECK_FALSE(TimeZone::load("../../etc/passwd").has_value());
  STRCMP_EQUAL("UTC", TimeZone::load("")->name().c_str());
  in_berlin();
  STRCMP_EQUAL("Sun 2026-03-29 03:00:00", zone.format(utc(2026, 3, 29, 1)).c_str());
}
