// Wishes that change while the switcher is on its way.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(WishesInAnyPhase) { SwitcherFixture f; };

TEST(WishesInAnyPhase, while_attaching_the_newer_one_follows) {
  f.machine.init_fails = true;
  f.want(choice("a"));
  f.progress();
  check_text("handing-over", f.state());
  f.machine.init_fails = false;
  f.want(choice("b"));
  f.machine.set_enabled(f.run_of("a")->pid(), "a");
  f.machine.tell();
  f.settle();
  check_text("b", f.attached());
}

TEST(WishesInAnyPhase, what_was_wanted_when_it_began_is_no_rollback) {
  f.machine.init_fails = true;
  f.want(choice("a"));
  f.progress();
  f.machine.init_fails = false;
  f.want({});
  f.machine.set_enabled(f.run_of("a")->pid(), "a");
  f.machine.tell();
  f.settle();
  check_text("", f.attached());
  for (const auto& entry : f.history) CHECK_TRUE(entry.event != HistoryEvent::rolled_back);
}

TEST(WishesInAnyPhase, while_lost_the_newer_one_follows) {
  f.attach("a");
  f.machine.set_disabled();
  f.machine.tell();
  f.want(choice("b"));
  check_text("managed-detached", f.state());
  f.pass(2s);
  check_text("b", f.attached());
}

TEST(WishesInAnyPhase, one_given_up_while_preparing_is_recorded) {
  f.machine.auto_gate = false;
  f.want(choice("a"));
  f.pass(2s);
  f.want({});
  check_text("superseded kernel -> a", f.last_event());
  CHECK_TRUE(f.history.back().prepare == 2s);
  check_text("idle", f.state());
}
