#include "core/sched/kernel_linux.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sched/bpf_calls.h"
#include "core/sched/link_owners.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(LinuxKernelState) {
  TemporaryDirectory directory;
  Loop loop;
  LinuxKernelOptions options;
  std::unique_ptr<LinuxKernel> kernel;
  std::vector<std::optional<std::string>> told;

  void setup() override {
    options.sysfs = directory / "sched_ext";
    options.kmsg = directory / "kmsg";
    options.sysrq = directory / "sysrq";
  }
  void put(const std::string& name, const std::string& text) {
    const std::string path = options.sysfs + "/" + name;
    CHECK(make_directories(path.substr(0, path.rfind('/'))).has_value());
    CHECK(write_file_atomic(path, text + "\n").has_value());
  }
  void create() {
    auto made = LinuxKernel::create(loop, options);
    CHECK(made.has_value());
    kernel = std::move(*made);
    kernel->on_change([this](const std::optional<std::string>& message) { told.push_back(message); });
  }
};

TEST(LinuxKernelState, without_the_directory_it_is_unsupported) {
  create();
  CHECK(kernel->state() == KernelState{});
  CHECK_EQUAL(2U, kernel->missing().size());
}

TEST(LinuxKernelState, reads_sysfs_anew_each_time) {
  put("state", "disabled");
  put("enable_seq", "3");
  put("hotplug_seq", "1");
  put("nr_rejected", "0");
  put("switch_all", "0");
  create();
  CHECK(kernel->state() == (KernelState{ExtState::disabled, "", 3, 1, 0, false}));
  put("state", "enabled");
  put("root/ops", "sxfifo");
  put("enable_seq", "4");
  put("nr_rejected", "9");
  put("switch_all", "1");
  CHECK(kernel->state() == (KernelState{ExtState::enabled, "sxfifo", 4, 1, 9, true}));
}

TEST(LinuxKernelState, tells_what_the_log_says_about_sched_ext) {
  CHECK_EQUAL(0, ::mkfifo(options.kmsg.c_str(), 0600));
  const auto log = open_file(options.kmsg, O_RDWR);
  create();
  const auto say = [&](std::string_view record) {
    CHECK_EQUAL(static_cast<ssize_t>(record.size()), ::write(log->get(), record.data(), record.size()));
    loop.run_once(true);
  };
  say("6,1,1,-;eth0: up\n");
  say("3,2,2,-;sched_ext: BPF scheduler \"x\" disabled (runtime error)\n");
  say("3,3,2,-;   stack+0x1\n");
  CHECK_EQUAL(2U, told.size());
  STRCMP_EQUAL("sched_ext: BPF scheduler \"x\" disabled (runtime error)", told[0]->c_str());
  STRCMP_EQUAL("   stack+0x1", told[1]->c_str());
}

TEST(LinuxKernelState, ejects_by_sysrq) {
  create();
  CHECK(kernel->eject().error().code == Errc::denied);
  CHECK(open_file(options.sysrq, O_CREAT | O_WRONLY).has_value());
  create();
  CHECK(kernel->eject().has_value());
  STRCMP_EQUAL("S", read_file(options.sysrq, 10)->c_str());
}

TEST(LinuxKernelState, detaching_what_is_not_there_is_told_later) {
  create();
  std::optional<Result<void>> result;
  kernel->detach(0xfffffff0, [&](Result<void> outcome) { result = std::move(outcome); });
  CHECK_FALSE(result.has_value());
  CHECK(run_until(loop, [&] { return result.has_value(); }));
  CHECK(result->error().code == (::geteuid() == 0 ? Errc::not_found : Errc::denied));
}

TEST(LinuxKernelState, may_go_while_a_scheduler_is_being_detached) {
  create();
  kernel->detach(0xfffffff0, [](Result<void>) { FAIL("told after the end"); });
  kernel.reset();
  loop.run_once(false);
}

TEST(LinuxKernelState, lists_links) {
  if (::geteuid() != 0) {
    UT_PRINT("skipped: needs root");
    return;
  }
  create();
  const auto links = kernel->links();
  CHECK(links && links->empty());  // no type of map counts
  CHECK(struct_ops_links().has_value());
}

// The kernel's own event about a device that every machine has, made by writing to its "uevent".
TEST(LinuxKernelState, kernel_events_of_the_path_are_told_and_disabling_is_followed) {
  const std::string trigger = "/sys/devices/virtual/mem/null/uevent";
  if (::access(trigger.c_str(), W_OK) != 0) {
    UT_PRINT("skipped: needs root and a writable /sys");
    return;
  }
  options.devpath = "/devices/virtual/mem/null";
  put("state", "disabling");
  create();
  const auto provoke = open_file(trigger, O_WRONLY);
  CHECK(provoke.has_value());
  if (::write(provoke->get(), "change", 6) != 6) {
    UT_PRINT("skipped: uevents cannot be provoked");
    return;
  }
  CHECK(run_until(loop, [&] { return told.size() == 1; }));
  CHECK_FALSE(told[0].has_value());
  put("state", "disabled");
  CHECK(run_until(loop, [&] { return told.size() == 2; }));
}

// CPUs announce themselves as online and offline; a device that takes any action from "uevent" stands in for one.
TEST(LinuxKernelState, cpus_that_come_and_go_are_told) {
  const std::string trigger = "/sys/devices/virtual/mem/null/uevent";
  const auto provoke = open_file(trigger, O_WRONLY);
  if (!provoke) {
    UT_PRINT("skipped: needs root and a writable /sys");
    return;
  }
  options.cpu_devpath = "/devices/virtual/mem/nul";
  put("state", "disabled");
  create();
  if (::write(provoke->get(), "change", 6) != 6 || ::write(provoke->get(), "offline", 7) != 7) {
    UT_PRINT("skipped: uevents cannot be provoked");
    return;
  }
  CHECK(run_until(loop, [&] { return !told.empty(); }));
  CHECK_EQUAL(1U, told.size());
}

TEST(LinuxKernelState, a_state_that_never_settles_is_not_followed_for_ever) {
  const std::string trigger = "/sys/devices/virtual/mem/null/uevent";
  if (::access(trigger.c_str(), W_OK) != 0) {
    UT_PRINT("skipped: needs root and a writable /sys");
    return;
  }
  options.devpath = "/devices/virtual/mem/null";
  put("state", "disabling");
  create();
  const auto provoke = open_file(trigger, O_WRONLY);
  if (::write(provoke->get(), "change", 6) != 6) {
    UT_PRINT("skipped: uevents cannot be provoked");
    return;
  }
  CHECK(run_until(loop, [&] { return told.size() == 2; }));  // the event, and giving up
}

TEST_GROUP(LinkOwners) { TemporaryDirectory proc; };

TEST(LinkOwners, finds_processes_by_fdinfo) {
  const auto process = [&](const std::string& pid, const std::string& fd, const std::string& target, const char* id) {
    CHECK(make_directories(proc / (pid + "/fd")).has_value());
    CHECK(make_directories(proc / (pid + "/fdinfo")).has_value());
    CHECK_EQUAL(0, ::symlink(target.c_str(), (proc / (pid + "/fd/" + fd)).c_str()));
    const std::string text = std::string("pos:\t0\nlink_type:\tstruct_ops\nlink_id:\t") + id + "\n";
    CHECK(write_file_atomic(proc / (pid + "/fdinfo/" + fd), text).has_value());
  };
  process("10", "3", "anon_inode:bpf_link", "7");
  process("10", "4", "anon_inode:bpf_link", "7");
  process("11", "3", "/etc/passwd", "7");
  process("12", "5", "anon_inode:bpf-link", "8");
  process("13", "5", "anon_inode:bpf_link", "9");
  CHECK(make_directories(proc / "self").has_value());
  std::vector<SchedulerLink> links{{7, {}}, {8, {}}, {5, {}}};
  find_owners(links, proc.path());
  CHECK(links[0].owners == std::vector<std::int32_t>{10});
  CHECK(links[1].owners == std::vector<std::int32_t>{12});
  CHECK(links[2].owners.empty());
}

TEST(LinkOwners, are_described_with_their_unit) {
  CHECK(make_directories(proc / "42").has_value());
  CHECK(write_file_atomic(proc / "42/comm", "scx_rusty\n").has_value());
  STRCMP_EQUAL("scx_rusty (pid 42)", describe_holder({7, {42}}, proc.path(), "/nowhere").c_str());
  CHECK(write_file_atomic(proc / "42/cgroup", "0::/system.slice/scx.service\n").has_value());
  STRCMP_EQUAL("scx_rusty (pid 42, scx.service)", describe_holder({7, {42}}, proc.path(), "/nowhere").c_str());
  CHECK(write_file_atomic(proc / "42/cgroup", "1:cpu:/x\n0::/custom/x\n").has_value());
  STRCMP_EQUAL("scx_rusty (pid 42, /custom/x)", describe_holder({7, {42}}, proc.path(), "/nowhere").c_str());
  STRCMP_EQUAL("nobody, link 7 is pinned at a place not found",
               describe_holder({7, {}}, proc.path(), "/nowhere").c_str());
  CHECK_FALSE(find_pin(7, proc.path()).has_value());
}
