#include "core/sched/guard/canary.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace schedkit {

namespace {

constexpr std::size_t stack_size = 64 * 1024;  // locked in memory

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

void* Canary::run(void* self) {
  auto& canary = *static_cast<Canary*>(self);
  for (;;) {
    const auto asked = canary.asked_.load(std::memory_order_acquire);
    canary.answered_.store(asked, std::memory_order_release);
    futex(canary.asked_, FUTEX_WAIT, asked);
  }
}

Result<void> Canary::start() {
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes{};
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_size);
  const sched_param ordinary{};
  ::pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
  ::pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
  ::pthread_attr_setschedparam(&attributes, &ordinary);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, &attributes, run, this);
  ::pthread_attr_destroy(&attributes);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return fail_errno(error, "cannot start the canary thread");
  ::pthread_setname_np(thread, "canary");
  ::pthread_detach(thread);
  return {};
}

void Canary::wake() {
  asked_.fetch_add(1, std::memory_order_release);
  futex(asked_, FUTEX_WAKE, 1);
}

}  // namespace schedkit
