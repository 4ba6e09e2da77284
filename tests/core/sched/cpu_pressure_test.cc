#include "core/sched/cpu_pressure_linux.h"

#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/core/sched/loop_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(CpuPressure){};

TEST(CpuPressure, reads_the_recent_share) {
  DOUBLES_EQUAL(0.0125, *parse_pressure("some avg10=1.25 avg60=0.00 avg300=0.00 total=1\nfull avg10=9.00"), 1e-9);
  CHECK_FALSE(parse_pressure("").has_value());
  CHECK_FALSE(parse_pressure("full avg10=1.25").has_value());
  CHECK_FALSE(parse_pressure("some avg10=x").has_value());
  CHECK_FALSE(parse_pressure("some avg10=101.0").has_value());
}

TEST(CpuPressure, without_psi_it_says_so) {
  Loop loop;
  LinuxCpuPressure pressure(loop, "/nowhere");
  CHECK_FALSE(pressure.recent().has_value());
  CHECK_TRUE(pressure.watch(0.5, 2s, [] {}).error().code == Errc::not_found);
}

// Two threads for each CPU: one of them always waits.
TEST(CpuPressure, the_kernel_tells_when_it_is_above) {
  Loop loop;
  LinuxCpuPressure pressure(loop);
  bool above = false;
  if (const auto watched = pressure.watch(0.1, 2s, [&] { above = true; }); !watched) {
    UT_PRINT(("skipped: " + watched.error().text).c_str());
    return;
  }
  CHECK_TRUE(pressure.recent().has_value());
  std::atomic<bool> stop = false;
  std::vector<std::thread> hogs;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
    hogs.emplace_back([&] {
      while (!stop) {
      }
    });
  }
  CHECK_TRUE(run_until(loop, [&] { return above; }));
  pressure.unwatch();
  stop = true;
  for (auto& hog : hogs) hog.join();
}
