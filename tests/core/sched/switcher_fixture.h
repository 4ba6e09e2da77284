// A switcher with a machine, a clock and strikes that do what a test says.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/sched/switcher.h"
#include "tests/fakes/fake_cpu_pressure.h"
#include "tests/fakes/fake_machine.h"

namespace schedkit::test {

inline Choice choice(const std::string& name) {
  Scheduler scheduler;
  scheduler.name = name;
  scheduler.image = "oci:/images:" + name;
  return {scheduler, "", {}};
}

class SwitcherFixture {
 public:
  SwitcherFixture() {
    switcher = std::make_unique<Switcher>(
        Switcher::Parts{clock, machine, machine, machine, strikes, stop_first, pressure},
        Switcher::Events{[] {}, [this](HistoryEntry entry) { history.push_back(std::move(entry)); },
                         [this](const Choice& good) { proved.push_back(good.name()); },
                         [this](const Tenure& present) { tenure = present; }});
  }

  void want(const Choice& wanted, bool commanded = false) {
    outcome.reset();
    switcher->want({.choice = wanted,
                    .fallback = fallback,
                    .cause = "test",
                    .commanded = commanded,
                    .done = [this](Result<void> result) { outcome = std::move(result); }});
  }
  // The image of every scheduler is there, and every one that is started reaches the gate.
  void progress() {
    for (bool more = true; more;) {
      more = !machine.image_requests.empty();
      while (!machine.image_requests.empty()) machine.image_ready();
      for (std::size_t i = 0; i < machine.runs.size(); ++i) {
        auto* run = machine.runs[i];
        if (run == nullptr) continue;
        if ((run->killed || run->stopped) && std::ranges::find(ended_, run->id()) == ended_.end()) {
          ended_.push_back(run->id());
          run->exit(0);
          more = true;
        } else if (std::ranges::find(reached_, run->id()) == reached_.end()) {
          reached_.push_back(run->id());
          if (machine.auto_gate) run->reach_gate();
          more = true;
        }
      }
    }
  }
  void pass(Duration time) {
    const Instant end = clock.now() + time;
    for (progress(); switcher->deadline() && *switcher->deadline() <= end; progress()) {
      if (*switcher->deadline() > clock.now()) clock.advance(*switcher->deadline() - clock.now());
      switcher->tick();
    }
    if (end > clock.now()) clock.advance(end - clock.now());
  }
  // Long enough for a hand-over, too short for anything else.
  void settle() { pass(std::chrono::milliseconds(100)); }
  void attach(const std::string& name) {
    want(choice(name));
    settle();
  }

  Status status() const {
    Status status;
    switcher->describe(status);
    return status;
  }
  std::string state() const { return std::string(to_string(status().state)); }
  std::string attached() const { return machine.state().ops; }
  // The living run of that scheduler; null when there is none.
  fakes::FakeRun* run_of(const std::string& name) const {
    for (auto* run : machine.runs) {
      if (run != nullptr && !run->killed && !run->stopped && run->request().choice.name() == name) return run;
    }
    return nullptr;
  }
  bool at_gate(const std::string& name) const { return run_of(name) != nullptr && run_of(name)->waits_at_gate(); }
  std::string standby(const std::string& name) const {
    for (const auto& one : status().standbys) {
      if (one.name == name) return one.role + ": " + one.phase + (one.why.empty() ? "" : ": " + one.why);
    }
    return "none";
  }
  // Events of the history, as "switched a -> b".
  std::string last_event() const {
    return history.empty()
               ? ""
               : std::string(to_string(history.back().event)) + " " + history.back().from + " -> " + history.back().to;
  }
  int count(HistoryEvent event) const {
    return static_cast<int>(std::ranges::count(history, event, &HistoryEntry::event));
  }
  void eject(const std::string& reason, const std::string& detail) {
    const std::string ops = machine.state().ops;
    machine.set_disabled();
    machine.tell();
    machine.tell("sched_ext: BPF scheduler \"" + ops + "\" disabled (" + reason + ")");
    machine.tell("sched_ext: " + ops + ": " + detail);
  }

  fakes::FakeClock clock;
  fakes::FakeMachine machine;
  fakes::FakeCpuPressure pressure;
  Strikes strikes{clock, "7.2", [] {}};
  int remembered = 0;
  StopFirst stop_first{[this] { ++remembered; }};
  Choice fallback;
  std::vector<HistoryEntry> history;
  std::vector<std::string> proved;
  std::optional<Tenure> tenure;
  std::optional<Result<void>> outcome;
  std::unique_ptr<Switcher> switcher;

 private:
  std::vector<std::string> reached_;  // ids of runs
  std::vector<std::string> ended_;
};

}  // namespace schedkit::test
