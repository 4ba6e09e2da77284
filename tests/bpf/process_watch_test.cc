// What makes the BPF source quick and what it does when it is overrun; the same of the connector where it can.
#include "bpf/process_watch.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <thread>

#include "bpf/process_source.h"
#include "core/base/file.h"
#include "core/source/proc_connector.h"
#include "tests/bpf/stage.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::tests;

namespace {

ProcessFilter only(const std::string& name) {
  ProcessFilter filter;
  filter.exact = {name};
  return filter;
}

// Starts `path` `count` times, one after the other, with nothing to read, and waits for each end.
void storm(const std::string& path, int count) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  for (int i = 0; i < count; ++i) {
    char* arguments[] = {const_cast<char*>(path.c_str()), nullptr};
    pid_t pid = 0;
    CHECK(::posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments, environ) == 0);
    ::waitpid(pid, nullptr, 0);
  }
  posix_spawn_file_actions_destroy(&actions);
}

std::vector<Actor> start(const std::string& path, int count) {
  std::vector<Actor> actors;
  for (int i = 0; i < count; ++i) actors.emplace_back(path);
  return actors;
}

bool all_known(Watcher& watcher, const std::vector<Actor>& actors) {
  return watcher.processes().size() == actors.size() &&
         std::ranges::all_of(actors, [&](const Actor& actor) { return watcher.processes().contains(actor.pid()); });
}

// Start times count clock ticks: within one, a pid that is used twice would be the same process.
void wait_for_tick_after(std::uint64_t ticks) {
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  timespec now{};
  do {
    ::clock_gettime(CLOCK_BOOTTIME, &now);
  } while (static_cast<std::uint64_t>(now.tv_sec) * per_second +
               static_cast<std::uint64_t>(now.tv_nsec) * per_second / 1'000'000'000 <=
           ticks);
}

}  // namespace

TEST_GROUP(ProcessWatch) {
  const SystemClock clock;
  Loop loop;
  Stage stage;
  std::unique_ptr<Watcher> watcher;

  // False, with a message, where this machine does not allow BPF.
  bool watch(const ProcessFilter& filter, const WatchObject::Limits& limits = {}) {
    auto source = ProcessWatch::create(loop, clock, limits);
    if (!source && ::geteuid() != 0) {
      std::printf("SKIPPED: %s\n", source.error().text.c_str());
      return false;
    }
    CHECK_TEXT(source.has_value(), source ? "" : source.error().text.c_str());
    return begin(std::move(*source), filter);
  }

  bool connect(const ProcessFilter& filter, int buffer) {
    auto source = ProcConnector::create(loop, clock, "test");
    if (!source && ::geteuid() != 0) {
      std::printf("SKIPPED: %s\n", source.error().text.c_str());
      return false;
    }
    CHECK_TEXT(source.has_value(), source ? "" : source.error().text.c_str());
    auto* connector = source->get();
    begin(std::move(*source), filter);
    return buffer == 0 || connector->set_buffer(buffer).has_value();
  }

  bool begin(std::unique_ptr<TriggerSource> source, const ProcessFilter& filter) {
    watcher = std::make_unique<Watcher>(loop, std::move(source));
    const auto started = watcher->start(filter);
    CHECK_TEXT(started.has_value(), started ? "" : started.error().text.c_str());
    return true;
  }

  void teardown() override { watcher.reset(); }

  void overrun() {
    storm(stage.program("sk-storm"), 300);  // nobody reads meanwhile
    auto actors = start(stage.program("sk-storm"), 5);
    CHECK(run_until(loop, [&] { return watcher->source().status().lost > 0 && watcher->snapshots() > 1; }));
    CHECK(run_until(loop, [&] { return all_known(*watcher, actors); }));
    actors.clear();
    CHECK(run_until(loop, [&] { return watcher->processes().empty(); }));
  }

  void replace_while_starting() {
    const std::string path = stage.program("sk-new");
    std::vector<Actor> actors;
    std::atomic<bool> done = false;
    std::thread starter([&] {
      for (int i = 0; i < 100; ++i) actors.emplace_back(path);
      done = true;
    });
    for (int i = 0; !done; ++i) {
      auto filter = only("sk-new");
      filter.prefixes = {i % 2 == 0 ? "even" : "odd"};
      CHECK(watcher->watch(filter).has_value());
      loop.run_once(false);
    }
    starter.join();
    CHECK(run_until(loop, [&] { return all_known(*watcher, actors); }));
    actors.clear();
    CHECK(run_until(loop, [&] { return watcher->processes().empty(); }));
  }

  // The next process is to get `pid`; on a busy machine somebody else may be quicker.
  bool reuse(const std::string& path, int pid, const ProcessId& former) {
    {
      std::ofstream last("/proc/sys/kernel/ns_last_pid");
      last << pid - 1;
      if (!last.flush()) return false;
    }
    Actor again(path);
    if (again.pid() != pid) return false;
    CHECK(run_until(loop, [&] {
      const auto found = watcher->processes().find(pid);
      return found != watcher->processes().end() && found->second.id != former;
    }));
    again.end();
    CHECK(watcher->misses(pid));
    return true;
  }

  void reuse_pid() {
    const std::string path = stage.program("sk-reuse");
    for (int attempt = 0; attempt < 50; ++attempt) {
      Actor actor(path);
      const int pid = actor.pid();
      CHECK(watcher->sees(pid, "sk-reuse"));
      const ProcessId former = watcher->processes().at(pid).id;
      actor.end();
      wait_for_tick_after(former.start_ticks);
      if (reuse(path, pid, former)) return;
      CHECK(watcher->misses(pid));
    }
    FAIL("no pid could be had twice in 50 attempts");
  }
};

TEST(ProcessWatch, WhatNoRuleMatchesWakesNobody) {
  if (!watch(only("sk-game"))) return;
  storm("/bin/true", 300);
  while (loop.run_once(false) && watcher->source().status().wakeups > 0) FAIL("woken by a process that cannot match");
  LONGS_EQUAL(0, watcher->source().status().wakeups);
  LONGS_EQUAL(1, watcher->source().status().delivered);  // the first snapshot
}

TEST(ProcessWatch, EmptyFilterAttachesNothing) {
  if (!watch({})) return;
  storm("/bin/true", 10);
  loop.run_once(false);
  LONGS_EQUAL(0, watcher->source().status().wakeups);
  STRCMP_CONTAINS("nothing is attached", watcher->source().status().detail.c_str());
}

TEST(ProcessWatch, OverrunRingLeadsToARescan) {
  if (watch(only("sk-storm"), {.ring_size = 4096})) overrun();
}

TEST(ProcessWatch, OverrunConnectorLeadsToARescan) {
  if (connect(only("sk-storm"), 4096)) overrun();
}

TEST(ProcessWatch, NoProcessIsMissedWhileTheFilterChanges) {
  if (watch(only("sk-new"))) replace_while_starting();
}

TEST(ProcessWatch, ConnectorMissesNoneWhileTheFilterChanges) {
  if (connect(only("sk-new"), 0)) replace_while_starting();
}

TEST(ProcessWatch, ReusedPidIsAnotherProcess) {
  if (watch(only("sk-reuse"))) reuse_pid();
}

TEST(ProcessWatch, ReusedPidIsAnotherProcessForTheConnector) {
  if (connect(only("sk-reuse"), 0)) reuse_pid();
}

TEST(ProcessWatch, MoreCandidatesThanTheKernelTracksAreStillFollowed) {
  if (!watch(only("sk-many"), {.most_tracked = 4})) return;
  auto actors = start(stage.program("sk-many"), 12);
  CHECK(run_until(loop, [&] { return all_known(*watcher, actors); }));
  STRCMP_CONTAINS("more candidates", watcher->source().status().detail.c_str());
  CHECK(watcher->watch(only("sk-many")).has_value());  // the scan finds them too many as well
  CHECK(all_known(*watcher, actors));
  actors[3].tell("exec " + stage.program("other"));
  CHECK(watcher->misses(actors[3].pid()));
  actors.clear();
  CHECK(run_until(loop, [&] { return watcher->processes().empty(); }));
}

TEST(ProcessWatch, EverythingIsToldWhenTheFilterIsWide) {
  ProcessFilter filter;
  filter.everything = true;
  filter.wide_because = {"a.toml/r: the kernel cannot filter by the pattern \"*x*\""};
  if (!watch(filter)) return;
  CHECK(watcher->processes().contains(::getpid()));
  CHECK(!watcher->processes().contains(2));  // kthreadd
  Actor actor(stage.program("anything"));
  CHECK(watcher->sees(actor.pid(), "anything"));
  STRCMP_CONTAINS("cannot filter by the pattern", watcher->source().status().detail.c_str());
}

TEST(ProcessWatch, BestSourceIsChosen) {
  auto source = make_process_source(loop, clock);
  if (!source && ::geteuid() != 0) return;
  CHECK_TEXT(source.has_value(), source ? "" : source.error().text.c_str());
  STRCMP_EQUAL("bpf", (*source)->status().name.c_str());
}
