#include "core/sched/gate.h"

#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "core/sched/bpf_calls.h"
#include "core/sched/process_fd.h"
#include "tests/core/sched/loop_helpers.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

// The filter that the runtime makes of seccomp_profile(): bpf with command 28 in the low half goes to the listener.
int install_filter(unsigned flags) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bpf_link_create, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return static_cast<int>(
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, &program));
}

// 0 or the error of an attach call whose map is any descriptor: here it is the test that says what is sched_ext's.
int attach() {
  std::array<std::uint32_t, 16> attr{0, 0, bpf_attach_struct_ops};
  return ::syscall(SYS_bpf, bpf_link_create, attr.data(), sizeof(attr)) < 0 ? errno : 0;
}

}  // namespace

TEST_GROUP(AttachGate) {
  Loop loop;
  pid_t child = -1;
  UniqueFd process;
  std::unique_ptr<Gate> gate;
  int arrived = 0;
  int opening = 0;
  std::vector<std::uint64_t> ids;

  GateObserver observer() {
    return {.arrived = [this] { ++arrived; },
            .parked = [this](const std::vector<std::uint64_t>& now) { ids = now; },
            .opening = [this] { ++opening; }};
  }

  // Runs `body` behind a gate in a process of its own; its result is the exit status.
  void launch(int (*body)(), unsigned flags = 0) {
    std::array<int, 2> ends{};
    CHECK_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
    UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    child = ::fork();
    if (child == 0) {
      const int listener = install_filter(flags);
      char byte = 0;
      if (::write(theirs.get(), &listener, sizeof(listener)) < 0 || ::read(theirs.get(), &byte, 1) != 1) ::_exit(100);
      ::close(listener);
      ::_exit(body());
    }
    int number = -1;
    CHECK_EQUAL(static_cast<ssize_t>(sizeof(number)), ::read(ours.get(), &number, sizeof(number)));
    process = std::move(*open_process(child));
    auto listener = copy_descriptor(process, number);
    CHECK(listener.has_value());
    auto made = Gate::create(
        loop, std::move(*listener), [](const UniqueFd&) { return true; }, observer());
    CHECK(made.has_value());
    gate = std::move(*made);
    CHECK_EQUAL(1, ::write(ours.get(), "", 1));
  }

  // Turns the loop until the process has ended.
  int status() {
    bool ended = false;
    auto watch = FdWatch::create(loop, process.get(), [&](FdWatch::Ready) { ended = true; });
    (*watch)->want_readable();
    CHECK(run_until(loop, [&] { return ended; }));
    const auto how = reap(process);
    child = -1;
    return how.signal != 0 ? -how.signal : how.status.value_or(-1000);
  }

  bool parked(int times = 1) {
    return run_until(loop, [this, times] { return arrived >= times; });
  }
  void pass_time(Duration duration) {
    bool passed = false;
    Timer timer(loop);
    timer.set(duration, [&] { passed = true; });
    CHECK(run_until(loop, [&] { return passed; }));
  }

  void teardown() override {
    gate.reset();
    if (child > 0) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }
};

TEST(AttachGate, parks_and_lets_proceed) {
  launch([] { return attach(); });
  CHECK(parked());
  CHECK(gate->waiting());
  CHECK(gate->open().has_value());
  CHECK(status() > 0);  // the kernel's own refusal
  CHECK(gate->open().error().code == Errc::not_found);
}

TEST(AttachGate, tells_the_ids_and_that_an_attach_is_let_through) {
  launch([] { return attach(); });
  CHECK(parked());
  CHECK_EQUAL(1U, ids.size());
  CHECK_EQUAL(0, opening);
  CHECK(gate->open().has_value());
  CHECK_EQUAL(1, opening);
  CHECK(ids.empty());
  CHECK(status() > 0);
}

TEST(AttachGate, kept_open_it_tells_each_attach) {
  launch([] { return attach(); });
  gate->keep_open(true);
  CHECK(status() > 0);
  CHECK_EQUAL(1, opening);
  CHECK(ids.empty());
}

// As a daemon does that was restarted: the listener in another descriptor, the ids from the record.
TEST(AttachGate, is_taken_over_with_what_was_parked) {
  launch([] { return attach(); });
  CHECK(parked());
  const auto recorded = ids;
  UniqueFd kept(::dup(gate->listener().get()));
  gate.reset();
  arrived = 0;
  auto taken = Gate::take_over(
      loop, std::move(kept), [](const UniqueFd&) { return true; }, observer(), recorded);
  CHECK(taken.has_value());
  CHECK_EQUAL(1U, taken->known);
  gate = std::move(taken->gate);
  CHECK_EQUAL(0, arrived);  // not from inside the call
  CHECK(gate->waiting());
  CHECK(parked());
  CHECK(gate->open().has_value());
  CHECK(status() > 0);
}

TEST(AttachGate, taken_over_it_receives_what_came_meanwhile) {
  launch([] { return attach(); });
  UniqueFd kept(::dup(gate->listener().get()));
  gate.reset();
  pollfd call{kept.get(), POLLIN, 0};
  CHECK_EQUAL(1, ::poll(&call, 1, 60000));
  auto taken = Gate::take_over(loop, std::move(kept), [](const UniqueFd&) { return true; }, observer(), {});
  CHECK_EQUAL(1U, taken->known);
  gate = std::move(taken->gate);
  CHECK(parked());
  CHECK_EQUAL(1U, ids.size());
  CHECK(gate->open().has_value());
  CHECK(status() > 0);
}

TEST(AttachGate, taken_over_without_its_id_a_parked_call_is_unknown) {
  launch([] { return attach(); });
  CHECK(parked());
  UniqueFd kept(::dup(gate->listener().get()));
  gate.reset();
  CHECK_EQUAL(1U, threads_in_notification(child));
  auto taken = Gate::take_over(loop, std::move(kept), [](const UniqueFd&) { return true; }, observer(), {~0ULL});
  CHECK_EQUAL(0U, taken->known);
  CHECK_FALSE(taken->gate->waiting());
}

TEST(AttachGate, a_caller_that_dies_is_not_waiting) {
  launch([] { return attach(); });
  CHECK(parked());
  CHECK_EQUAL(0, ::kill(child, SIGKILL));
  CHECK_EQUAL(-SIGKILL, status());
  CHECK_FALSE(gate->waiting());
  CHECK(gate->open().error().code == Errc::not_found);
}

static int attach_under_signals(int flags) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = flags;
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval every{{0, 20000}, {0, 20000}};
  ::setitimer(ITIMER_REAL, &every, nullptr);
  const int error = attach();
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  return error;
}

// Without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV each signal ends the notification and the kernel makes the call anew.
TEST(AttachGate, a_call_made_anew_after_signals_is_one_wait) {
  launch([] { return attach_under_signals(SA_RESTART); });
  CHECK(parked());
  pass_time(200ms);
  CHECK_EQUAL(1, arrived);
  // Open meets a call that has just gone now and then; then the next one is there soon.
  gate->keep_open(true);
  CHECK(status() > 0);
}

TEST(AttachGate, a_call_given_up_after_a_signal_is_no_wait) {
  launch([] { return attach_under_signals(0) == EINTR ? 7 : 8; });
  CHECK(parked());
  CHECK_EQUAL(7, status());
  CHECK_FALSE(gate->waiting());
}

TEST(AttachGate, waits_killable_where_the_kernel_can) {
  launch([] { return attach_under_signals(0) == EINTR ? 7 : 8; }, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  CHECK(parked());
  pass_time(100ms);
  CHECK(gate->waiting());
  CHECK(gate->open().has_value());
  CHECK_EQUAL(8, status());
}

TEST(AttachGate, several_calls_wait_and_go_one_by_one) {
  launch([] {
    std::thread other([] { attach(); });
    attach();
    other.join();
    return 3;
  });
  CHECK(parked());
  pass_time(50ms);  // for the second to come
  CHECK_EQUAL(1, arrived);
  CHECK(gate->open().has_value());
  CHECK(parked(2));
  CHECK(gate->waiting());
  CHECK(gate->open().has_value());
  CHECK_FALSE(gate->waiting());
  CHECK_EQUAL(3, status());
}

TEST(AttachGate, what_cannot_be_read_and_what_is_no_descriptor_proceeds) {
  launch([] {
    const bool fault = ::syscall(SYS_bpf, bpf_link_create, 8, 64) < 0;
    std::array<std::uint32_t, 16> attr{999, 0, bpf_attach_struct_ops};
    const bool refused = ::syscall(SYS_bpf, bpf_link_create, attr.data(), sizeof(attr)) < 0;
    const bool cut = ::syscall(SYS_bpf, bpf_link_create, attr.data(), 4) < 0;  // the attach type is not in it
    return fault && refused && cut ? 5 : 6;
  });
  CHECK_EQUAL(5, status());
  CHECK_EQUAL(0, arrived);
}

TEST(AttachGate, a_second_thread_that_rewrites_the_attributes_breaks_nothing) {
  launch([] {
    static std::array<std::uint32_t, 16> attr{0, 0, bpf_attach_struct_ops};
    std::atomic<bool> end = false;
    std::thread writer([&] {
      for (std::uint32_t i = 0; !end; ++i) {
        reinterpret_cast<volatile std::uint32_t*>(attr.data())[2] = i % 2 == 0 ? 1 : bpf_attach_struct_ops;
      }
    });
    for (int i = 0; i < 50; ++i) ::syscall(SYS_bpf, bpf_link_create, attr.data(), sizeof(attr));
    end = true;
    writer.join();
    return 4;
  });
  auto watch = Timer(loop);
  std::function<void()> open = [&] {
    if (gate->waiting()) (void)gate->open();
    watch.set(1ms, open);
  };
  open();
  CHECK_EQUAL(4, status());
}

TEST(AttachGate, without_listener_parked_calls_fail) {
  launch([] { return attach() == ENOSYS ? 9 : 1; });
  CHECK(parked());
  gate.reset();
  CHECK_EQUAL(9, status());
}

TEST(AttachGate, an_ended_process_leaves_the_loop_at_rest) {
  launch([] { return 2; });
  CHECK_EQUAL(2, status());
  pass_time(20ms);
  int turns = 0;
  bool passed = false;
  Timer timer(loop);
  timer.set(50ms, [&] { passed = true; });
  CHECK(run_until(loop, [&] {
    ++turns;
    return passed;
  }));
  CHECK(turns < 50);  // without rest it is thousands
}
