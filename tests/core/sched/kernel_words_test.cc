#include "core/sched/kernel_words.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(KernelWords) {
  KernelWords words;
  void say(const std::string& line) { words.add(line, Instant{}); }
};

TEST(KernelWords, reason_and_details) {
  say("sched_ext: BPF scheduler \"x\" enabled");
  CHECK_FALSE(words.complete_at().has_value());
  say("sched_ext: BPF scheduler \"x\" disabled (runnable task stall)");
  say("sched_ext: x: cs2[303] failed to run for 3.212s");
  CHECK_TRUE(*words.complete_at() == Instant{});
  say("   stack+0x1");
  STRCMP_EQUAL("runnable task stall; cs2[303] failed to run for 3.212s", words.reason().c_str());
  CHECK_TRUE(words.by_fault());
  words.forget();
  CHECK_FALSE(words.by_fault());
}

TEST(KernelWords, who_ended_it) {
  say("sched_ext: BPF scheduler \"x\" disabled (unregistered from user space)");
  CHECK_TRUE(words.by_user() && !words.by_fault() && !words.by_restart());
  say("sched_ext: BPF scheduler \"x\" disabled (unregistered from the main kernel)");
  CHECK_TRUE(words.by_restart() && !words.by_fault() && !words.by_user());
  say("sched_ext: BPF scheduler \"x\" disabled (disabled by sysrq-S)");
  CHECK_TRUE(words.by_fault());
}

TEST(KernelWords, a_message_is_waited_for_only_where_one_follows) {
  say("sched_ext: BPF scheduler \"x\" disabled (scx_bpf_error)");
  CHECK_TRUE(*words.complete_at() == Instant{50ms});
  say("sched_ext: BPF scheduler \"x\" disabled (disabled by sysrq-S)");
  CHECK_TRUE(*words.complete_at() == Instant{});
}

TEST(KernelWords, details_without_a_reason_say_nothing) {
  say("sched_ext: x: something");
  STRCMP_EQUAL("", words.reason().c_str());
}
