// Whatever happens in whatever order: the switcher never has two schedulers attached, says what the fake kernel says,
// loses no run, and comes to rest. SCHEDKIT_LONG=1 plays many more games; SCHEDKIT_SEED chooses the first.
#include <random>

#include "tests/core/sched/switcher_fixture.h"
#include "tests/fakes/run_settings.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> names{"a", "b", "c", "d"};

class Game {
 public:
  explicit Game(unsigned seed) : random_(seed) {
    f.machine.auto_gate = false;
    f.fallback = any(3) == 0 ? choice("d") : Choice{};
    f.switcher->configure({.probation = std::chrono::seconds(any(3) * 10),
                           .cpu_pressure = any(2) == 0 ? 0.5 : 0.0,
                           .replace_foreign = any(2) == 0});
  }

  void play(int moves) {
    for (int i = 0; i < moves; ++i) {
      move();
      check();
    }
  }

  // Everything that misbehaves stops to do so, and the last wish is a command.
  void end() {
    f.machine.detach_hangs = f.machine.eject_hangs = f.machine.init_fails = false;
    f.machine.auto_gate = true;
    f.machine.finish_detach_call();
    f.machine.tell();
    for (const auto& name : names) reach_gate(name);
    f.pass(1h);
    f.strikes.clear("");
    f.want(choice("a"), true);
    f.pass(1h);
    check();
    check_equal("a", f.attached());
    check_equal("running", f.state());
    CHECK_FALSE(f.switcher->deadline().has_value());
    int alive = 0;
    for (const auto* run : f.machine.runs) alive += run != nullptr ? 1 : 0;
    LONGS_EQUAL_TEXT(1 + f.status().standbys.size() - without_run(), alive, log.c_str());
  }

  std::string log;

 private:
  unsigned any(unsigned n) { return static_cast<unsigned>(random_() % n); }
  const std::string& any_name() { return names[any(4)]; }

  std::size_t without_run() {
    return static_cast<std::size_t>(
        std::ranges::count_if(f.status().standbys, [](const auto& s) { return s.pid == 0; }));
  }
  void reach_gate(const std::string& name) {
    auto* run = f.run_of(name);
    if (run != nullptr && !run->waits_at_gate() && run->pid() != f.machine.owner()) run->reach_gate();
  }

  void move() {
    switch (any(18)) {
      case 0: return say("want"), want(choice(any_name()), any(4) == 0);
      case 1: return say("want kernel"), want({}, any(4) == 0);
      case 2: {
        std::vector<Choice> standbys;
        for (unsigned i = any(3); i > 0; --i) standbys.push_back(choice(any_name()));
        return say("standbys"), f.switcher->keep_ready(standbys);
      }
      case 3:
      case 4:
        if (!f.machine.image_requests.empty()) say("image"), f.machine.image_ready();
        return;
      case 5:
        if (!f.machine.image_requests.empty()) say("no image"), f.machine.image_fails({Errc::not_found, "gone", {}});
        return;
      case 6:
      case 7:
      case 8: {
        const auto& name = any_name();
        return say("gate " + name), reach_gate(name);
      }
      case 9: return say("exit"), exit_any();
      case 10: return say("tick"), tick(std::chrono::milliseconds(any(10000)));
      case 11: return say("short tick"), tick(5ms);
      case 12:
        if (f.attached().empty()) return;
        return say("eject"), f.eject("runnable task stall", "it stalled");
      case 13: return say("hotplug"), ++f.machine.state_.hotplug_seq, f.machine.tell();
      case 14: return say("pressure"), f.pressure.rise();
      case 15: return say("toggle"), toggle();
      case 16: return say("stranger"), stranger();
      case 17: return say("finish"), f.machine.finish_detach_call(), f.machine.tell();
    }
  }

  void say(const std::string& what) { log += what + "\n"; }
  void want(const Choice& wanted, bool commanded) { f.want(wanted, commanded); }
  void tick(Duration time) {
    f.clock.advance(time);
    f.switcher->tick();
  }
  void exit_any() {
    std::vector<fakes::FakeRun*> alive;
    for (auto* run : f.machine.runs) {
      if (run != nullptr) alive.push_back(run);
    }
    if (alive.empty()) return;
    auto* run = alive[any(static_cast<unsigned>(alive.size()))];
    const bool was_attached = run->pid() == f.machine.owner();
    run->exit(static_cast<int>(any(2)));
    if (was_attached) f.machine.tell();
  }
  void toggle() {
    switch (any(3)) {
      case 0: f.machine.detach_hangs = !f.machine.detach_hangs; break;
      case 1: f.machine.eject_hangs = !f.machine.eject_hangs; break;
      case 2: f.machine.init_fails = !f.machine.init_fails; break;
    }
  }
  void stranger() {
    if (f.attached().empty()) {
      f.machine.set_enabled(4242, "theirs");
    } else if (f.attached() == "theirs") {
      f.machine.set_disabled();
    }
    f.machine.tell();
  }

  void check_equal(const std::string& expected, const std::string& got) {
    STRCMP_EQUAL_TEXT(expected.c_str(), got.c_str(), log.c_str());
  }

  // What status says must be what the kernel says.
  void check() {
    const auto status = f.status();
    const auto kernel = f.machine.state();
    const bool enabled = kernel.state == ExtState::enabled;
    check_equal(std::string(to_string(kernel.state)), status.kernel.state);
    check_equal(kernel.ops, status.kernel.ops);
    switch (status.state) {
      case SystemState::idle: CHECK_FALSE_TEXT(enabled, log.c_str()); break;
      case SystemState::running:
      case SystemState::probation:
        check_equal(kernel.ops, status.current ? status.current->name : "nobody");
        LONGS_EQUAL_TEXT(f.machine.owner(), status.current->pid, log.c_str());
        break;
      case SystemState::foreign: CHECK_TRUE_TEXT(enabled && !status.current, log.c_str()); break;
      case SystemState::managed_mismatch: CHECK_TRUE_TEXT(enabled && status.current, log.c_str()); break;
      case SystemState::managed_detached: CHECK_TRUE_TEXT(!enabled && status.current, log.c_str()); break;
      case SystemState::orphaned_kernel_state:
      case SystemState::unsupported: FAIL(log.c_str()); break;
      case SystemState::preparing: CHECK_TRUE_TEXT(status.candidate.has_value(), log.c_str()); break;
      case SystemState::handing_over: break;
    }
    LONGS_EQUAL_TEXT(0, f.machine.busy_attaches, log.c_str());
  }

  SwitcherFixture f;
  std::mt19937 random_;
};

}  // namespace

TEST_GROUP(SwitcherRandom){};

TEST(SwitcherRandom, games) {
  const unsigned first = first_seed();
  const unsigned games = long_run() ? 20000 : 200;
  for (unsigned seed = first; seed < first + games; ++seed) {
    Game game(seed);
    game.log = "seed " + std::to_string(seed) + "\n";
    game.play(120);
    game.end();
  }
}
