#include "cli/bench/measurement.h"

#include <algorithm>

namespace schedkit {

namespace {

class Race {
 public:
  Race(const BenchPlan& plan, BenchMachine& machine, const BenchPause& pause, const BenchProgress& progress)
      : plan_(plan), machine_(machine), progress_(progress) {
    result_.plan = plan;
    pause_ = [this, &pause](Duration duration) {
      ended_ = ended_ || !pause(duration);
      return !ended_;
    };
  }

  Result<BenchResult> run() {
    for (round_ = 0; round_ < plan_.rounds && !ended_; ++round_) {
      round_of_ = {};
      if (auto done = run_round(); !done) return fail(std::move(done.error()));
      if (!ended_) keep_round();
    }
    if (result_.rounds == 0 && ended_) return fail(Errc::cancelled, "ended before the first round was");
    return std::move(result_);
  }

 private:
  // Each begins with another one, so that nobody is always the first.
  Result<void> run_round() {
    for (std::size_t i = 0; i < plan_.schedulers.size() && !ended_; ++i) {
      const auto& scheduler = plan_.schedulers[(i + round_) % plan_.schedulers.size()];
      if (result_.failed.count(scheduler) != 0) continue;
      if (auto done = run_scheduler(scheduler); !done) return done;
    }
    return {};
  }

  Result<void> run_scheduler(const std::string& scheduler) {
    tell(scheduler, "taking it");
    if (auto taken = machine_.take(scheduler); !taken) {
      leave(scheduler, taken.error());
      return {};
    }
    tell(scheduler, "warming up");
    if (auto warm = work(plan_.workloads.front(), plan_.warm_up); !warm) return fail(std::move(warm.error()));
    for (const auto& workload : plan_.workloads) {
      if (ended_) return {};
      tell(scheduler, workload.name);
      auto samples = work(workload, plan_.duration);
      if (!samples) return fail(std::move(samples.error()));
      round_of_[{scheduler, workload.name}] = std::move(*samples);
    }
    if (ended_) return {};
    if (auto still = machine_.confirm(); !still) leave(scheduler, still.error());
    return {};
  }

  // What did not get to anything because of the end has not failed.
  Result<Samples> work(const Workload& workload, Duration duration) {
    auto samples = workload.run(duration, pause_);
    if (samples || ended_) return samples.value_or(Samples());
    return fail(with_context(std::move(samples.error()), workload.name));
  }

  void leave(const std::string& scheduler, const Error& error) {
    ended_ = ended_ || error.code == Errc::cancelled;
    if (ended_) return;
    result_.failed[scheduler] = error.text;
    tell(scheduler, "left out from here on: " + error.text);
    std::erase_if(round_of_, [&](const auto& entry) { return entry.first.first == scheduler; });
  }

  void keep_round() {
    for (auto& [key, samples] : round_of_) result_.of[key].push_back(std::move(samples));
    ++result_.rounds;
  }

  void tell(const std::string& scheduler, const std::string& what) {
    progress_(fmt::format("round {} of {}, {}: {}", round_ + 1, plan_.rounds, scheduler, what));
  }

  const BenchPlan& plan_;
  BenchMachine& machine_;
  BenchPause pause_;
  const BenchProgress& progress_;
  BenchResult result_;
  std::map<std::pair<std::string, std::string>, Samples> round_of_;
  unsigned round_ = 0;
  bool ended_ = false;
};

}  // namespace

Duration planned(const BenchPlan& plan) {
  const auto of_a_scheduler = plan.warm_up + plan.duration * plan.workloads.size();
  return of_a_scheduler * plan.rounds * plan.schedulers.size();
}

Result<BenchResult> measure(const BenchPlan& plan, BenchMachine& machine, const BenchPause& pause,
                            const BenchProgress& progress) {
  return Race(plan, machine, pause, progress).run();
}

}  // namespace schedkit
