#include "core/source/pressure_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

PressureCondition cpu(Duration stall, Duration window) {
  PressureCondition condition;
  condition.stall = stall;
  condition.window = window;
  return condition;
}

// PSI is on and we may set triggers.
bool may_measure() { return ::access("/proc/pressure/cpu", W_OK) == 0 && ::geteuid() == 0; }

}  // namespace

TEST_GROUP(PressureSource) {
  Loop loop;
  TemporaryDirectory directory;
  std::vector<PressureCondition> fired;

  TriggerSource::Sink sink() {
    return [this](const Event& event) { fired.push_back(std::get<PressureSeen>(event).trigger); };
  }
};

TEST(PressureSource, without_an_interest_nothing_is_open) {
  PressureSource source(loop, directory.path());
  CHECK_TRUE(source.start({}, sink()).has_value());
  CHECK_FALSE(loop.run_once(false));
}

TEST(PressureSource, a_kernel_without_psi_is_told) {
  PressureSource source(loop, directory.path());
  const auto started = source.start({.pressures = {cpu(1s, 2s)}}, sink());
  CHECK_FALSE(started.has_value());
  CHECK_TRUE(started.error().code == Errc::unsupported);
  STRCMP_CONTAINS("CONFIG_PSI", started.error().text.c_str());
}

TEST(PressureSource, what_the_kernel_is_asked_is_as_psi_has_it) {
  LONGS_EQUAL(0, ::mkfifo((directory / "io").c_str(), 0600));
  const int reader = ::open((directory / "io").c_str(), O_RDONLY | O_NONBLOCK);
  PressureCondition condition{PressureResource::io, true, 150ms, 1s};
  PressureSource source(loop, directory.path());
  CHECK_TRUE(source.start({.pressures = {condition}}, sink()).has_value());
  char text[64] = {};
  LONGS_EQUAL(20, ::read(reader, text, sizeof(text)));
  STRCMP_EQUAL("full 150000 1000000", text);
  ::close(reader);
}

TEST(PressureSource, a_trigger_that_the_kernel_refuses_is_left_out) {
  if (!may_measure()) return;
  PressureSource source(loop);
  CHECK_TRUE(source.start({.pressures = {cpu(1s, 1min), cpu(1s, 2s)}}, sink()).has_value());
  STRCMP_CONTAINS("refuses the pressure trigger cpu some 1s in 1m", source.status().detail.c_str());
  CHECK_TRUE(source.watch({.pressures = {cpu(1s, 2s)}}).has_value());
  STRCMP_EQUAL("", source.status().detail.c_str());
}

TEST(PressureSource, real_pressure_fires_a_trigger) {
  if (!may_measure()) {
    std::printf("SKIPPED: no pressure can be measured here\n");
    return;
  }
  const auto wanted = cpu(1ms, 2s);  // without CAP_SYS_RESOURCE nothing shorter
  PressureSource source(loop);
  CHECK_TRUE(source.start({.pressures = {wanted}}, sink()).has_value());
  std::atomic<bool> done = false;
  std::vector<std::thread> load;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency() + 1; ++i) {
    load.emplace_back([&] {
      while (!done) continue;
    });
  }
  const bool seen = run_until(
      loop, [&] { return !fired.empty(); }, 10s);
  done = true;
  for (auto& thread : load) thread.join();
  CHECK_TRUE(seen);
  CHECK_TRUE(fired[0] == wanted);
  CHECK_TRUE(source.status().wakeups < 10);  // once a window at most: it does not spin
}
