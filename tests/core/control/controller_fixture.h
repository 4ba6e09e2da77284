// A controller with a machine, processes and a clock that do what a test says.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/control/controller.h"
#include "tests/core/sched/temporary_directory.h"
#include "tests/fakes/fake_cpu_pressure.h"
#include "tests/fakes/fake_machine.h"
#include "tests/fakes/fake_process_source.h"
#include "tests/fakes/fake_state_store.h"
#include "tests/fakes/fake_trigger_source.h"

namespace schedkit::test {

class ControllerFixture {
 public:
  ControllerFixture();
  ~ControllerFixture();

  // One failure is enough for quarantine and nothing is on probation. Scheduler NAME with image oci:/images:NAME, mode
  // "fast" and rule test.toml/NAME, which holds while a process NAME lives; no delay, no linger, no dwell.
  Policy policy(const std::vector<std::string>& names) const;

  // A new daemon on the same machine, without start().
  void make(Policy policy);
  // The same and start().
  void boot(Policy policy);

  // Lets everything that is under way happen (images, gates, time the controller asks for) until nothing is; images
  // in `bad_images` and runs in `bad_runs` fail. False when there is no end to it.
  bool settle();
  // The same without letting time pass.
  void progress();

  // Of the last command: nullopt when it was not answered yet.
  std::optional<Result<void>> answer;
  Controls::Done note();
  void run(const std::string& scheduler, const std::string& mode = "");

  std::string attached() const { return machine.state().ops; }
  std::string wanted() const { return controller->status().wanted.choice.name(); }
  std::string discrepancy() const { return controller->status().discrepancy; }
  // Nothing to do, and no timer that would wake the daemon.
  bool idle() const { return !controller->deadline().has_value(); }

  TemporaryDirectory directory;
  fakes::FakeClock clock;
  fakes::FakeMachine machine;
  fakes::FakeProcessSource processes;
  fakes::FakeTriggerSource trigger;
  fakes::FakeStateStore state;
  fakes::FakeCpuPressure pressure;
  std::vector<std::string> bad_images;  // references
  std::vector<std::string> bad_runs;    // scheduler names; they end before they reach the gate
  std::unique_ptr<Controller> controller;
  int changes = 0;
  std::vector<std::string> logged;

 private:
  std::set<std::string> gates_reached_;  // ids of runs
};

}  // namespace schedkit::test
