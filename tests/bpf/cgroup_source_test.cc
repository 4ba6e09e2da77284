// Both sources against real cgroups of this machine's kernel: each scenario runs on each.
#include "bpf/cgroup_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include "bpf/cgroup_watch.h"
#include "core/base/file.h"
#include "core/source/cgroup_inotify.h"
#include "tests/bpf/stage.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::tests;

namespace {

enum class Kind { bpf, inotify };

// A cgroup of our own with what is below it; removed in the end.
class Ground {
 public:
  explicit Ground(std::string root) : root_(std::move(root)) { make(""); }
  ~Ground() {
    while (!made_.empty()) remove(*made_.rbegin());
  }

  std::string path(const std::string& below) const { return base() + below; }
  void make(const std::string& below) {
    CHECK_TEXT(::mkdir((root_ + base() + below).c_str(), 0755) == 0, below.c_str());
    made_.insert(below);
  }
  void remove(const std::string& below) {
    CHECK_TEXT(::rmdir((root_ + base() + below).c_str()) == 0, below.c_str());
    made_.erase(below);
  }
  void move(int pid, const std::string& below) { move_to(pid, base() + below); }
  void move_away(int pid) { move_to(pid, ""); }

 private:
  static std::string base() { return "/schedkit-test-" + std::to_string(::getpid()); }
  void move_to(int pid, const std::string& path) {
    std::ofstream procs(root_ + path + "/cgroup.procs");
    procs << pid;
    CHECK_TEXT(procs.flush().good(), path.c_str());
  }

  std::string root_;
  std::set<std::string> made_;
};

// Keeps what a source says: path → populated.
struct Listener {
  TriggerSource::Sink sink() {
    return [this](const Event& event) {
      if (const auto* seen = std::get_if<CgroupSeen>(&event)) {
        cgroups[seen->path] = seen->populated;
        log.push_back(seen->path + (seen->populated ? " populated" : " empty"));
      } else if (const auto* gone = std::get_if<CgroupGone>(&event)) {
        LONGS_EQUAL(1, cgroups.erase(gone->path));
        log.push_back(gone->path + " gone");
      } else if (const auto* all = std::get_if<CgroupSnapshot>(&event)) {
        ++snapshots;
        cgroups.clear();
        for (const auto& cgroup : all->cgroups) cgroups[cgroup.path] = cgroup.populated;
      } else {
        FAIL("an event of another kind");
      }
    };
  }

  std::map<std::string, bool> cgroups;
  std::vector<std::string> log;
  int snapshots = 0;
};

struct Scene {
  Ground& ground;
  Loop& loop;
  Stage& stage;
  TriggerSource& source;
  Listener& told;

  bool sees(const std::string& below, bool populated) {
    const auto path = ground.path(below);
    return run_until(loop, [&] { return told.cgroups.contains(path) && told.cgroups.at(path) == populated; });
  }
  bool misses(const std::string& below) {
    return run_until(loop, [&] { return !told.cgroups.contains(ground.path(below)); });
  }
};

using Scenario = std::function<void(Scene&)>;

// Runs `scenario` with the globs below the ground; says so and does nothing when this machine does not allow it.
void play(Kind kind, const std::vector<std::string>& globs, const std::function<void(Ground&)>& before,
          const Scenario& scenario, std::uint32_t ring_size = CGROUPS_RING_SIZE) {
  auto tree = CgroupTree::find();
  if (!tree || ::access(tree->directory("/").c_str(), W_OK) != 0) {
    std::printf("SKIPPED: no cgroup may be made here\n");
    return;
  }
  const SystemClock clock;
  Ground ground(tree->directory("/"));
  if (before) before(ground);
  Loop loop;
  Stage stage;
  Listener told;
  std::unique_ptr<TriggerSource> source;
  if (kind == Kind::bpf) {
    auto watch = CgroupWatch::create(loop, clock, *tree, ring_size);
    CHECK_TEXT(watch.has_value(), watch ? "" : watch.error().text.c_str());
    source = std::move(*watch);
  } else {
    source = std::make_unique<CgroupInotify>(loop, clock, *tree, "test");
  }
  Interests interests;
  for (const auto& glob : globs) interests.cgroups.insert(ground.path(glob));
  const auto started = source->start(interests, told.sink());
  CHECK_TEXT(started.has_value(), started ? "" : started.error().text.c_str());
  LONGS_EQUAL(1, told.snapshots);
  Scene scene{ground, loop, stage, *source, told};
  scenario(scene);
}

void on_both(const std::vector<std::string>& globs, const Scenario& scenario,
             const std::function<void(Ground&)>& before = {}) {
  play(Kind::bpf, globs, before, scenario);
  play(Kind::inotify, globs, before, scenario);
}

}  // namespace

TEST_GROUP(CgroupSources){};

TEST(CgroupSources, LifeOfACgroupIsTold) {
  on_both({"/game-*"}, [](Scene& scene) {
    scene.ground.make("/game-1");
    CHECK(scene.sees("/game-1", false));
    Actor actor(scene.stage.program("actor"));
    scene.ground.move(actor.pid(), "/game-1");
    CHECK(scene.sees("/game-1", true));
    actor.end();
    CHECK(scene.sees("/game-1", false));
    scene.ground.remove("/game-1");
    CHECK(scene.misses("/game-1"));
    LONGS_EQUAL(4, scene.told.log.size());
  });
}

TEST(CgroupSources, CgroupsThatExistAreInTheFirstSnapshot) {
  Stage stage;
  Actor actor(stage.program("actor"));
  on_both(
      {"/a/**"},
      [&](Scene& scene) {
        LONGS_EQUAL(3, scene.told.cgroups.size());
        CHECK(scene.told.cgroups.at(scene.ground.path("/a")));
        CHECK(scene.told.cgroups.at(scene.ground.path("/a/b")));
        CHECK(!scene.told.cgroups.at(scene.ground.path("/a/c")));
        scene.ground.move_away(actor.pid());
        CHECK(scene.sees("/a", false));
        CHECK(scene.sees("/a/b", false));
      },
      [&](Ground& ground) {
        for (const char* path : {"/a", "/a/b", "/a/c", "/b", "/b/a"}) ground.make(path);
        ground.move(actor.pid(), "/a/b");
      });
}

TEST(CgroupSources, NewSubtreesAreFollowed) {
  on_both({"/**/app-*.scope"}, [](Scene& scene) {
    Actor actor(scene.stage.program("actor"));
    scene.ground.make("/u");
    scene.ground.make("/u/v");
    scene.ground.make("/u/v/app-1.scope");
    scene.ground.move(actor.pid(), "/u/v/app-1.scope");
    CHECK(scene.sees("/u/v/app-1.scope", true));
    LONGS_EQUAL(1, scene.told.cgroups.size());
    scene.ground.move_away(actor.pid());
    scene.ground.remove("/u/v/app-1.scope");
    CHECK(scene.misses("/u/v/app-1.scope"));
    scene.ground.remove("/u/v");
    scene.ground.make("/u/v");
    scene.ground.make("/u/v/app-1.scope");
    CHECK(scene.sees("/u/v/app-1.scope", false));
  });
}

TEST(CgroupSources, NewGlobsAreTakenOverAtOnce) {
  on_both({"/a"}, [](Scene& scene) {
    scene.ground.make("/a");
    scene.ground.make("/b");
    CHECK(scene.sees("/a", false));
    CHECK(scene.source.watch({.cgroups = {scene.ground.path("/b")}}).has_value());
    LONGS_EQUAL(1, scene.told.cgroups.size());
    LONGS_EQUAL(1, scene.told.cgroups.count(scene.ground.path("/b")));
    CHECK(scene.source.watch({}).has_value());
    LONGS_EQUAL(0, scene.told.cgroups.size());
    CHECK(scene.source.watch({.cgroups = {scene.ground.path("/a")}}).has_value());
    scene.ground.remove("/a");
    CHECK(scene.misses("/a"));
  });
}

TEST(CgroupSources, CgroupsThatNobodyAsksForWakeNobody) {
  const auto scenario = [](Scene& scene) {
    for (const char* path : {"/other", "/a", "/a/x"}) scene.ground.make(path);
    Actor actor(scene.stage.program("actor"));
    scene.ground.move(actor.pid(), "/a/x");
    actor.end();
    for (const char* path : {"/a/x", "/a", "/other"}) scene.ground.remove(path);
    scene.ground.make("/game-1");
    CHECK(scene.sees("/game-1", false));
    LONGS_EQUAL(1, scene.source.status().wakeups);
    LONGS_EQUAL(2, scene.source.status().delivered);
  };
  play(Kind::bpf, {"/game-*"}, {}, scenario);
  play(Kind::bpf, {"/**/game-*"}, {}, scenario);
}

TEST(CgroupSources, Version1IsAnotherWorld) {
  const std::string version1 = "/sys/fs/cgroup/cpu";
  if (::access((version1 + "/tasks").c_str(), W_OK) != 0) return;  // no hybrid host
  on_both({"/game", "/last"}, [&](Scene& scene) {
    Ground other(version1);
    other.make("/game");
    scene.ground.make("/last");
    CHECK(scene.sees("/last", false));
    LONGS_EQUAL(1, scene.told.cgroups.size());
  });
}

TEST(CgroupSources, AnOverrunRingLeadsToARescan) {
  play(
      Kind::bpf, {"/**"}, {},
      [](Scene& scene) {
        for (int i = 0; i < 100; ++i) {  // nobody reads meanwhile
          scene.ground.make("/x");
          scene.ground.remove("/x");
        }
        scene.ground.make("/y");
        CHECK(run_until(scene.loop, [&] { return scene.source.status().lost > 0 && scene.told.snapshots > 1; }));
        CHECK(scene.sees("/y", false));
        CHECK(scene.misses("/x"));
      },
      4096);
}

TEST(CgroupSources, AnOverrunInotifyQueueLeadsToARescan) {
  play(Kind::inotify, {"/*"}, {}, [](Scene& scene) {
    for (int i = 0; i < 8500; ++i) {  // fs.inotify.max_queued_events is 16384
      scene.ground.make("/x");
      scene.ground.remove("/x");
    }
    scene.ground.make("/y");
    CHECK(run_until(scene.loop, [&] { return scene.source.status().lost > 0 && scene.told.snapshots > 1; }));
    CHECK(scene.sees("/y", false));
    CHECK(scene.misses("/x"));
  });
}

TEST(CgroupSources, APathThatIsTooLongForARecordIsStillFollowed) {
  const std::string part = "/" + std::string(200, 'n');
  on_both({"/**"}, [&](Scene& scene) {
    for (const auto& path : {part, part + part, part + part + part}) scene.ground.make(path);
    CHECK(scene.sees(part + part + part, false));
    scene.ground.remove(part + part + part);
    CHECK(scene.misses(part + part + part));
  });
}

TEST(CgroupSources, NothingIsLoadedWithoutAnInterest) {
  const SystemClock clock;
  Loop loop;
  Listener told;
  CgroupSource source(loop, clock);
  CHECK(source.start({}, told.sink()).has_value());
  STRCMP_EQUAL("cgroup", source.status().name.c_str());
  LONGS_EQUAL(0, told.snapshots);
  CHECK(!loop.run_once(false));  // there is nothing to wait for
  if (!CgroupTree::find() || ::geteuid() != 0) return;
  CHECK(source.watch({.cgroups = {"/nobody-has-this"}}).has_value());
  STRCMP_EQUAL("cgroup-bpf", source.status().name.c_str());
  LONGS_EQUAL(1, told.snapshots);
  CHECK(source.watch({}).has_value());
  STRCMP_EQUAL("cgroup", source.status().name.c_str());
  LONGS_EQUAL(2, told.snapshots);
}

TEST(CgroupSources, AHostWithVersion1AloneIsToldWhy) {
  const SystemClock clock;
  Loop loop;
  Stage stage;
  const std::string mountinfo = stage.directory() + "/mountinfo";
  std::ofstream(mountinfo) << "30 23 0:26 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n";
  Listener told;
  CgroupSource source(loop, clock, mountinfo);
  CHECK(source.start({}, told.sink()).has_value());
  const auto refused = source.watch({.cgroups = {"/a"}});
  CHECK(!refused.has_value());
  CHECK(refused.error().code == Errc::unsupported);
  STRCMP_CONTAINS("version 1 alone", refused.error().text.c_str());
}
