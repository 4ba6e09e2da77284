// Schedulers that cannot wait at the gate.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(StopFirst) {
  SwitcherFixture f;

  void setup() override {
    f.attach("a");
    f.pass(1min);
    f.machine.auto_gate = false;
    f.want(choice("b"));
    f.progress();
  }
  void exits(const std::string& line) {
    f.run_of("b")->print(line);
    f.run_of("b")->exit(1);
    f.progress();
  }
};

TEST(StopFirst, one_that_gets_ebusy_is_tried_by_it_and_remembered) {
  exits("Failed to attach struct ops: Device or resource busy");
  CHECK_TRUE(f.strikes.records().empty());
  check_text("notice a -> b", f.last_event());
  f.machine.finish_detach_call();
  f.progress();
  check_text("", f.attached());
  f.machine.set_enabled(f.run_of("b")->pid(), "b", false);
  f.machine.tell();
  f.pass(2s);
  check_text("probation", f.state());
  check_text("b", f.status().current->name);
  LONGS_EQUAL(1, f.remembered);
  f.machine.auto_gate = true;
  f.pass(1min);
  f.want(choice("a"));
  f.settle();
  check_text("a", f.attached());
  check_text("previous: given up: it takes over by stop-first and cannot wait at the gate", f.standby("b"));
  f.machine.auto_gate = false;
  f.want(choice("b"));
  f.progress();
  check_text("", f.attached());  // at once this time
}

TEST(StopFirst, one_that_fails_then_too_is_struck_and_not_tried_so_again) {
  exits("bpf: -EBUSY");
  exits("bpf: -EBUSY");
  LONGS_EQUAL(1, f.strikes.records().size());
  LONGS_EQUAL(0, f.remembered);
  CHECK_FALSE(f.stop_first.applies("sha256:oci:/images:b"));
  f.run_of("a")->reach_gate();  // the way back
  f.pass(20ms);
  check_text("a", f.attached());
  f.pass(1s);
  exits("bpf: -EBUSY");
  check_text("a", f.attached());
  LONGS_EQUAL(2, f.strikes.records().at(0).count);
}

TEST(StopFirst, one_that_exits_for_another_reason_is_not_tried_by_it) {
  exits("out of memory");
  check_text("a", f.attached());
  LONGS_EQUAL(1, f.strikes.records().size());
}

TEST(StopFirst, is_kept_in_json) {
  const std::vector<std::string> digests{"sha256:1", "sha256:2"};
  CHECK_TRUE(*parse_stop_first(stop_first_json(digests)) == digests);
  CHECK_FALSE(parse_stop_first("{}").has_value());
  CHECK_FALSE(parse_stop_first("[").has_value());
}
