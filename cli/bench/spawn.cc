#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <optional>

#include "cli/bench/load.h"
#include "cli/bench/workload.h"

namespace schedkit {

namespace {

constexpr Duration work_of_a_job = std::chrono::milliseconds(2);

// What a compiler's driver does: a process that computes and becomes another program. Between fork() and exec there is
// but what signal-safety(7) allows.
pid_t start_job() {
  const pid_t child = ::fork();
  if (child != 0) return child;
  burn(work_of_a_job);
  ::execl("/bin/true", "true", nullptr);
  ::_exit(0);
}

Result<Duration> do_job() {
  const Instant begun = std::chrono::steady_clock::now();
  const pid_t child = start_job();
  if (child < 0) return fail_errno(errno, "cannot start a process");
  while (::waitpid(child, nullptr, 0) < 0) {
    if (errno != EINTR) return fail_errno(errno, "cannot wait for a process");
  }
  return std::chrono::steady_clock::now() - begun;
}

class Jobs {
 public:
  void work(const std::atomic<bool>& end) {
    while (!end) {
      const auto took = do_job();
      const std::lock_guard lock(mutex_);
      if (!took) {
        error_ = took.error();
        return;
      }
      samples_.push_back(std::chrono::duration<double, std::milli>(*took).count());
    }
  }

  // After the threads have ended.
  Result<Samples> outcome() {
    if (error_) return fail(std::move(*error_));
    if (samples_.empty()) return fail(Errc::failed, "no job has ended");
    return std::move(samples_);
  }

 private:
  std::mutex mutex_;
  Samples samples_;
  std::optional<Error> error_;
};

}  // namespace

Result<Samples> measure_spawn(Duration duration, const BenchPause& pause) {
  Jobs jobs;
  {
    const Threads workers(2 * usable_cpus(), [&jobs](const std::atomic<bool>& end) { jobs.work(end); });
    (void)pause(duration);
  }
  return jobs.outcome();
}

}  // namespace schedkit
