// What failed waits longer each time, and is quarantined in the end.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(BackOff) { SwitcherFixture f; };

TEST(BackOff, doubles_and_ends_in_quarantine) {
  f.attach("a");
  f.pass(1min);
  std::vector<Duration> waits;
  f.want(choice("b"));
  for (int i = 0; i < 3; ++i) {
    f.settle();
    check_text("b", f.attached());
    f.run_of("b")->exit(1);
    f.settle();
    check_text("a", f.attached());
    LONGS_EQUAL(i + 1, f.strikes.records().at(0).count);
    f.pass(i == 0 ? 500ms : 1500ms);
    check_text("a", f.attached());  // it is left alone
    f.pass(i == 0 ? 500ms : 500ms);
  }
  CHECK_TRUE(f.strikes.quarantined("sha256:oci:/images:b", {}));
  f.pass(2h);
  check_text("a", f.attached());
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(BackOff, outlives_a_change_of_wishes_but_not_a_command) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.run_of("b")->exit(1);
  f.settle();
  f.attach("a");
  f.attach("b");
  check_text("a", f.attached());
  f.want(choice("b"), true);
  f.settle();
  check_text("b", f.attached());
}

TEST(BackOff, is_forgiven_by_a_passed_probation) {
  f.attach("a");
  f.run_of("a")->exit(1);
  f.pass(2s);
  check_text("a", f.attached());
  f.pass(1min);
  CHECK_TRUE(f.strikes.records().empty());
}

TEST(BackOff, hotplug_is_no_strike) {
  f.attach("a");
  for (int i = 0; i < 3; ++i) {
    f.machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
    f.machine.tell("sched_ext: a: cpu 1 going offline, exiting scheduler");
    f.run_of("a")->exit(0);
    f.settle();
    check_text("a", f.attached());
    check_text("restarted kernel -> a", f.last_event());
  }
  CHECK_TRUE(f.strikes.records().empty());
}

TEST(BackOff, an_attach_refused_for_hotplug_is_made_again_without_a_strike) {
  f.machine.init_fails = true;
  f.want(choice("a"));
  f.progress();
  f.machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
  f.machine.tell("sched_ext: a: expected hotplug seq 1 did not match actual 2");
  f.machine.init_fails = false;
  f.settle();
  check_text("a", f.attached());
  CHECK_TRUE(f.strikes.records().empty());
}
