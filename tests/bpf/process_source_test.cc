// Both sources against real processes of this machine's kernel: each scenario runs on each.
#include "bpf/process_source.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "bpf/process_watch.h"
#include "core/source/proc_connector.h"
#include "tests/bpf/stage.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::tests;

namespace {

enum class Kind { bpf, connector };

Result<std::unique_ptr<TriggerSource>> make(Kind kind, Loop& loop, const Clock& clock) {
  if (kind == Kind::bpf) {
    auto source = ProcessWatch::create(loop, clock);
    if (!source) return fail(source.error());
    return std::unique_ptr<TriggerSource>(std::move(*source));
  }
  auto source = ProcConnector::create(loop, clock, "test");
  if (!source) return fail(source.error());
  return std::unique_ptr<TriggerSource>(std::move(*source));
}

ProcessFilter filter_for(std::set<std::string> exact, std::set<std::string> prefixes = {},
                         std::set<std::string> suffixes = {}) {
  ProcessFilter filter;
  filter.exact = std::move(exact);
  filter.prefixes = std::move(prefixes);
  filter.suffixes = std::move(suffixes);
  return filter;
}

// What a scenario works with.
struct Scene {
  Loop& loop;
  Watcher& watcher;
  Stage& stage;
};

// Runs `scenario` on a source of that kind; says so and does nothing when this machine does not allow it.
void play(Kind kind, const ProcessFilter& filter, const std::function<void(Scene&)>& scenario) {
  const SystemClock clock;
  Loop loop;
  Stage stage;
  auto source = make(kind, loop, clock);
  if (!source && source.error().code != Errc::failed && ::geteuid() != 0) {
    std::printf("SKIPPED: %s\n", source.error().text.c_str());
    return;
  }
  CHECK_TEXT(source.has_value(), source ? "" : source.error().text.c_str());
  Watcher watcher(loop, std::move(*source));
  const auto started = watcher.start(filter);
  CHECK_TEXT(started.has_value(), started ? "" : started.error().text.c_str());
  Scene scene{loop, watcher, stage};
  scenario(scene);
}

void on_both(const ProcessFilter& filter, const std::function<void(Scene&)>& scenario) {
  play(Kind::bpf, filter, scenario);
  play(Kind::connector, filter, scenario);
}

// Returns when everything that happened before has been told: a process of its own has been seen and has gone.
void fence(Scene& scene) {
  Actor actor(scene.stage.program("sk-fence"));
  const int pid = actor.pid();
  CHECK(scene.watcher.sees(pid, "sk-fence"));
  actor.end();
  CHECK(scene.watcher.misses(pid));
}

}  // namespace

TEST_GROUP(ProcessSource){};

TEST(ProcessSource, ExecAndExitAreTold) {
  on_both(filter_for({"sk-game"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-game"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-game", "sk-game"));
    actor.end();
    CHECK(scene.watcher.misses(pid));
  });
}

TEST(ProcessSource, PrefixesAndSuffixesAreCandidates) {
  on_both(filter_for({}, {"sk-pre"}, {".exe", "-a-rather-long-suffix"}), [](Scene& scene) {
    Actor prefix(scene.stage.program("sk-prefix"));
    CHECK(scene.watcher.sees(prefix.pid(), "sk-prefix"));
    Actor suffix(scene.stage.program("game.exe"));
    CHECK(scene.watcher.sees(suffix.pid(), "game.exe"));
    // Longer than a comm and longer than what a record holds.
    const std::string name = std::string(90, 'n') + "-a-rather-long-suffix";
    Actor longest(scene.stage.program(name));
    CHECK(scene.watcher.sees(longest.pid(), "nnnnnnnnnnnnnnn", name));
    Actor neither(scene.stage.program("exe"));
    Actor last(scene.stage.program("sk-pre"));
    CHECK(scene.watcher.sees(last.pid(), "sk-pre"));
    CHECK(!scene.watcher.processes().contains(neither.pid()));
  });
}

TEST(ProcessSource, SymlinkShowsTheRealFile) {
  on_both(filter_for({"sk-real"}), [](Scene& scene) {
    Actor actor(scene.stage.link("sk-link", scene.stage.program("sk-real")));
    CHECK(scene.watcher.sees(actor.pid(), "sk-link", "sk-real"));
  });
}

TEST(ProcessSource, ScriptIsSeenByItsName) {
  on_both(filter_for({"sk-game.sh"}), [](Scene& scene) {
    Actor actor(scene.stage.script("sk-game.sh"));
    CHECK(scene.watcher.sees(actor.pid(), "sk-game.sh"));
  });
}

TEST(ProcessSource, ExecThroughProcSelfExeShowsTheRealFile) {
  on_both(filter_for({"sk-box"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-box"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-box"));
    actor.tell("exec /proc/self/exe");
    CHECK(scene.watcher.sees(pid, "exe", "sk-box"));
  });
}

TEST(ProcessSource, MemfdIsSeenByItsName) {
  on_both(filter_for({"memfd:sk-mem"}), [](Scene& scene) {
    UniqueFd memory(::memfd_create("sk-mem", MFD_CLOEXEC));
    const std::string copy = scene.stage.program("copy");
    std::ifstream from(copy, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(from)), std::istreambuf_iterator<char>());
    CHECK(::write(memory.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    Actor actor("whatever", memory.get());
    CHECK(run_until(scene.loop, [&] { return scene.watcher.processes().contains(actor.pid()); }));
    STRCMP_EQUAL("memfd:sk-mem", scene.watcher.processes().at(actor.pid()).exe_name.c_str());
  });
}

TEST(ProcessSource, RenameMakesACandidateAndUnmakesIt) {
  on_both(filter_for({}, {}, {".exe"}), [](Scene& scene) {
    Actor actor(scene.stage.program("wine64"));
    const int pid = actor.pid();
    actor.tell("rename game.exe");
    CHECK(scene.watcher.sees(pid, "game.exe", "wine64"));
    actor.tell("rename other");
    CHECK(scene.watcher.misses(pid));
  });
}

TEST(ProcessSource, RenameOfAnotherThreadIsIgnored) {
  on_both(filter_for({"sk-fence", "sk-thread"}), [](Scene& scene) {
    Actor actor(scene.stage.program("wine64"));
    actor.tell("thread-rename sk-thread");
    fence(scene);
    CHECK(scene.watcher.log(actor.pid()).empty());
  });
}

TEST(ProcessSource, ExecIntoSomethingElseEndsACandidate) {
  on_both(filter_for({"sk-game"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-game"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-game"));
    actor.tell("exec " + scene.stage.program("other"));
    CHECK(scene.watcher.misses(pid));
  });
}

TEST(ProcessSource, ExecByAnotherThreadKeepsTheProcess) {
  on_both(filter_for({"sk-one", "sk-two"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-one"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-one"));
    const auto id = scene.watcher.processes().at(pid).id;
    actor.tell("thread-exec " + scene.stage.program("sk-two"));
    CHECK(scene.watcher.sees(pid, "sk-two", "sk-two"));
    CHECK(scene.watcher.processes().at(pid).id == id);
    actor.end();
    CHECK(scene.watcher.misses(pid));
  });
}

TEST(ProcessSource, ProcessLivesUntilItsLastThread) {
  on_both(filter_for({"sk-fence", "sk-game"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-game"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-game"));
    actor.tell("leader-exit");
    fence(scene);
    CHECK(scene.watcher.processes().contains(pid));
    CHECK(scene.watcher.watch(filter_for({"sk-fence", "sk-game"})).has_value());
    CHECK(scene.watcher.processes().contains(pid));
    STRCMP_EQUAL("sk-game", scene.watcher.processes().at(pid).exe_name.c_str());
    actor.end();
    CHECK(scene.watcher.misses(pid));
  });
}

TEST(ProcessSource, ExitOfAllThreadsAtOnceIsToldOnce) {
  on_both(filter_for({"sk-fence", "sk-game"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-game"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-game"));
    actor.tell("exit-by-thread");
    actor.end();
    fence(scene);
    LONGS_EQUAL(2, scene.watcher.log(pid).size());
    STRCMP_EQUAL("gone", scene.watcher.log(pid).back().c_str());
  });
}

// A game that puts itself into the background: its child goes on under the same name without executing anything.
TEST(ProcessSource, ForkOfACandidateIsACandidate) {
  on_both(filter_for({"sk-game"}), [](Scene& scene) {
    Actor actor(scene.stage.program("sk-game"));
    const int pid = actor.pid();
    CHECK(scene.watcher.sees(pid, "sk-game"));
    actor.tell("fork-away");
    CHECK(scene.watcher.misses(pid));
    CHECK(run_until(scene.loop, [&] { return scene.watcher.processes().size() == 1; }));
    STRCMP_EQUAL("sk-game", scene.watcher.processes().begin()->second.comm.c_str());
    actor.end();
    CHECK(run_until(scene.loop, [&] { return scene.watcher.processes().empty(); }));
  });
}

TEST(ProcessSource, FactsThatRulesNeedAreRead) {
  auto filter = filter_for({"sk-game"});
  filter.needs = {.exe = true, .cmdline = true, .user = true, .ancestors = true, .cgroup = false, .environment = true};
  on_both(filter, [](Scene& scene) {
    const std::string path = scene.stage.program("sk-game");
    Actor actor(path);
    CHECK(scene.watcher.sees(actor.pid(), "sk-game"));
    const auto& process = scene.watcher.processes().at(actor.pid());
    STRCMP_EQUAL(path.c_str(), process.exe.c_str());
    STRCMP_EQUAL(path.c_str(), process.cmdline.c_str());
    STRCMP_EQUAL(UserNames().name(::getuid()).c_str(), process.user.c_str());
    CHECK(!process.ancestors.empty());
    CHECK(process.environment.empty());
  });
}

TEST(ProcessSource, RunningProcessesAreInTheFirstSnapshot) {
  Stage stage;
  Actor running(stage.program("sk-before"));
  on_both(filter_for({"sk-before"}), [&](Scene& scene) {
    LONGS_EQUAL(1, scene.watcher.snapshots());
    CHECK(scene.watcher.processes().contains(running.pid()));
  });
}

TEST(ProcessSource, ProcessesFoundByTheScanAreFollowed) {
  for (const Kind kind : {Kind::bpf, Kind::connector}) {
    Stage stage;
    Actor ends(stage.program("sk-before"));
    Actor renames(stage.program("sk-before"));
    play(kind, filter_for({"sk-before"}), [&](Scene& scene) {
      const int pid = ends.pid();
      ends.end();
      CHECK(scene.watcher.misses(pid));
      renames.tell("rename other");
      CHECK(scene.watcher.sees(renames.pid(), "other", "sk-before"));  // its file is still a candidate's
      renames.tell("exec " + stage.program("other"));
      CHECK(scene.watcher.misses(renames.pid()));
    });
  }
}

TEST(ProcessSource, FilterIsReplacedAndBack) {
  on_both(filter_for({"sk-one"}), [](Scene& scene) {
    Actor one(scene.stage.program("sk-one"));
    Actor two(scene.stage.program("sk-two"));
    CHECK(scene.watcher.sees(one.pid(), "sk-one"));
    CHECK(scene.watcher.watch(filter_for({"sk-two"})).has_value());
    CHECK(!scene.watcher.processes().contains(one.pid()));
    CHECK(scene.watcher.processes().contains(two.pid()));
    CHECK(scene.watcher.watch({}).has_value());
    CHECK(scene.watcher.processes().empty());
    CHECK(scene.watcher.watch(filter_for({"sk-one"})).has_value());
    const int pid = one.pid();
    CHECK(scene.watcher.processes().contains(pid));
    one.end();
    CHECK(scene.watcher.misses(pid));
  });
}

// The two sources tell the same story of the same acts.
TEST(ProcessSource, SourcesAgree) {
  std::map<Kind, std::vector<std::string>> stories;
  for (const Kind kind : {Kind::bpf, Kind::connector}) {
    play(kind, filter_for({"sk-game", "sk-fence"}, {}, {".exe"}), [&](Scene& scene) {
      Actor actor(scene.stage.program("sk-game"));
      const int pid = actor.pid();
      CHECK(scene.watcher.sees(pid, "sk-game"));
      const std::vector<std::string> acts = {"rename a.exe",
                                             "thread-rename b.exe",
                                             "exec " + scene.stage.program("plain"),
                                             "rename c.exe",
                                             "rename nothing",
                                             "rename d.exe",
                                             "exec " + scene.stage.program("e.exe"),
                                             "exec /proc/self/exe",
                                             "thread-exec " + scene.stage.program("sk-game"),
                                             "leader-exit"};
      for (const auto& act : acts) {
        actor.tell(act);
        fence(scene);
      }
      actor.end();
      CHECK(scene.watcher.misses(pid));
      stories[kind] = scene.watcher.log(pid);
    });
  }
  if (stories.size() < 2) return;
  CHECK(stories[Kind::bpf].size() >= 8);
  CHECK(stories[Kind::bpf] == stories[Kind::connector]);
}
