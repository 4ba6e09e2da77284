#include "core/sched/kmsg.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Kmsg) { SchedExtMessages messages; };

TEST(Kmsg, takes_lines_of_sched_ext_without_their_properties) {
  const auto text = messages.take("6,100,5000,-;sched_ext: BPF scheduler \"x\" enabled\n SUBSYSTEM=a\n");
  CHECK(text == "sched_ext: BPF scheduler \"x\" enabled");
}

TEST(Kmsg, leaves_others) {
  CHECK_FALSE(messages.take("6,100,5000,-;usb: new device mentions sched_ext: too\n").has_value());
  CHECK_FALSE(messages.take("6,101,5000,-;   stack_of_somebody_else+0x1\n").has_value());
}

TEST(Kmsg, takes_the_stack_that_follows_at_once) {
  CHECK(messages.take("3,100,5000,-;sched_ext: x: runtime error\n").has_value());
  CHECK(messages.take("3,101,5000,-;   scx_vexit+0x1\n") == "   scx_vexit+0x1");
  CHECK_FALSE(messages.take("3,103,5000,-;   after_a_gap+0x1\n").has_value());
}

TEST(Kmsg, the_stall_guards_reason_is_put_into_the_kernels_line) {
  CHECK_FALSE(
      messages.take("11,100,5000,-;schedkit-guard: x let no ordinary task run for 1000 ms; ejected\n").has_value());
  CHECK_FALSE(messages.take("4,101,5000,-;sysrq: Reset scheduler class\n").has_value());
  CHECK(
      messages.take("6,102,5000,-;sched_ext: BPF scheduler \"x\" disabled (disabled by sysrq-S)\n") ==
      "sched_ext: BPF scheduler \"x\" disabled (disabled by sysrq-S: x let no ordinary task run for 1000 ms; ejected)");
  // Used up: the next time it was somebody else.
  CHECK(messages.take("6,103,5000,-;sched_ext: BPF scheduler \"x\" disabled (disabled by sysrq-S)\n") ==
        "sched_ext: BPF scheduler \"x\" disabled (disabled by sysrq-S)");
}

TEST(Kmsg, survives_garbage) {
  for (const char* record : {"", ";", "6;sched_ext: a", "6,x,1,-;sched_ext: a", "sched_ext: a"}) {
    CHECK_FALSE(messages.take(record).has_value());
  }
}
