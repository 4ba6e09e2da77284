#include "core/sched/guard/guard_duty.h"

#include "core/sched/guard/attached_state.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;
using Kernel = GuardDuty::Kernel;

TEST_GROUP(GuardDuty) {
  GuardDuty duty;
  Instant now{1000s};

  void setup() override { duty.daemon(true); }
};

TEST(GuardDuty, rests_while_nothing_is_attached) {
  CHECK_FALSE(duty.watches(now));
  CHECK_FALSE(duty.counts());
  CHECK_FALSE(duty.ended(now));
}

TEST(GuardDuty, watches_whatever_is_attached) {
  duty.kernel(Kernel::attached);
  CHECK_TRUE(duty.watches(now));
  CHECK_TRUE(duty.counts());
  duty.kernel(Kernel::detached);
  CHECK_FALSE(duty.watches(now));
}

TEST(GuardDuty, a_scheduler_on_its_way_out_does_not_count) {
  duty.kernel(Kernel::attached);
  duty.kernel(Kernel::changing);
  CHECK_FALSE(duty.counts());
  CHECK_TRUE(duty.watches(now));
}

TEST(GuardDuty, without_foreign_only_what_was_announced_counts) {
  duty.watch_foreign(false);
  duty.kernel(Kernel::attached);
  CHECK_FALSE(duty.watches(now));
  duty.kernel(Kernel::detached);
  duty.announced(now);
  duty.kernel(Kernel::changing);
  duty.kernel(Kernel::attached);
  CHECK_TRUE(duty.watches(now + 1h));
  CHECK_TRUE(duty.counts());
  duty.kernel(Kernel::detached);
  duty.kernel(Kernel::attached);  // somebody else's
  CHECK_FALSE(duty.counts());
}

TEST(GuardDuty, an_announced_attach_is_watched_before_it_is_seen) {
  duty.announced(now);
  CHECK_TRUE(duty.watches(now));
  CHECK_FALSE(duty.counts());
  CHECK_FALSE(duty.watches(now + 10s));  // it has failed
}

TEST(GuardDuty, ends_without_daemon_when_nothing_is_attached) {
  duty.kernel(Kernel::attached);
  duty.daemon(false);
  CHECK_FALSE(duty.ended(now));
  CHECK_TRUE(duty.watches(now));
  duty.kernel(Kernel::changing);
  CHECK_FALSE(duty.ended(now));
  duty.kernel(Kernel::detached);
  CHECK_TRUE(duty.ended(now));
}

TEST(GuardDuty, a_daemon_that_died_while_it_attached_leaves_the_guard_watching) {
  duty.announced(now);
  duty.daemon(false);
  CHECK_FALSE(duty.ended(now));
  CHECK_TRUE(duty.ended(now + 10s));
}

TEST_GROUP(RootSchedulerEvent) {
  std::string_view ops;
  bool about(std::string_view message) { return is_root_scheduler_event(message, ops); }
};

TEST(RootSchedulerEvent, has_the_path_of_the_root_scheduler) {
  using namespace std::string_view_literals;
  CHECK_TRUE(about("add@/kernel/sched_ext/root\0ACTION=add\0SCXOPS=fifo\0SEQNUM=712\0"sv));
  CHECK_TRUE(ops == "fifo");
  CHECK_TRUE(about("remove@/kernel/sched_ext/root\0ACTION=remove"sv));
  CHECK_FALSE(about("add@/kernel/sched_ext/root/sub\0ACTION=add\0"sv));
  CHECK_FALSE(about("add@/kernel/sched_ext/root/sub/sub-7\0SCXOPS=x\0"sv));
  CHECK_FALSE(about("add@/devices/x\0"sv));
  CHECK_FALSE(about(""sv));
  CHECK_TRUE(ops == "fifo");
}
