// What schedkitd adds to a switch: each kind of switch against the least that the kernel and crun need for it,
// measured in between, in the same run and with the same containers.
//
//   bench_switch [--rounds N] [--socket PATH] [--run-dir PATH]
//
// bare start       crun starts the container, it comes to the gate, and is let through while nothing is attached
// bare hand-over   detach call → next one enabled; the next one waited at the gate
//
// standby          the call of Run() → enabled, the scheduler waits at the gate             ≤ 1.15 × bare hand-over
// its gap          start of the daemon's detach call → enabled, at most                     ≤ 1.10 × bare hand-over
// start            the call of Run() → enabled, nothing of it runs yet    ≤ 1.05 × (bare start + bare hand-over)
// rollback         SysRq-S → the previous one enabled, which waits at the gate              ≤ 1.5 × bare hand-over
// cold rollback    SysRq-S → the previous one enabled, which is not at the gate yet         ≤ 1.1 × bare start
//
// Needs a schedkitd with nothing else to do, default = "kernel", a probation longer than the run, and the schedulers
// fifo, vtime, and ready with standby = true (tests/vm/scenarios/switch.sh). Enabled is the kernel's add uevent, by
// one clock. The gap is remove uevent → add uevent and all of the detaching, which ends a little after the remove
// uevent. A bound is met when the lower end of the 95 % bootstrap interval of the ratio of medians is below it.
//
// Exit status: 0, 1 when a bound is missed, 2 when a switch did not go as it should, 64 usage, 77 without sched_ext.
#include <fmt/format.h>

#include "tests/bench/machine.h"
#include "tests/bench/statistics.h"

using namespace schedkit;
using namespace schedkit::bench;
using namespace std::chrono_literals;

namespace {

constexpr auto rest = 500ms;  // between measurements: what ended has to be gone

struct Measured {
  Samples bare_start, bare_handover, standby, gap, start, rollback, cold_rollback;
};

void measure_bare(Machine& machine, const RunRequest& one, const RunRequest& other, Measured& all) {
  machine.come_to_rest("ready");
  machine.pause(rest);
  Machine::Bare first, second;
  must(machine.start(first, one));
  must(machine.let_through(first));
  all.bare_start.push_back(milliseconds(machine.added() - first.begun));
  must(machine.start(second, other));
  machine.pause(rest);
  must(machine.detach());
  must(machine.let_through(second));
  all.bare_handover.push_back(milliseconds(machine.added() - machine.detached_at()));
  machine.end(first);
  machine.pause(rest);
  must(machine.detach());
  machine.end(second);
}

void expect_rolled_back(Machine& machine, const char* onto) {
  must(machine.wait_status(
           [&](const Json& now) { return now.at("state") == "probation" && now.at("scheduler").at("name") == onto; }),
       "the previous one was not attached again");
}

void measure_ours(Machine& machine, Measured& all) {
  must(machine.run("fifo"));
  must(machine.wait_status([](const Json& now) { return Machine::at_gate(now, "ready"); }), "no standby");
  machine.pause(rest);
  all.standby.push_back(must(machine.run("ready")));
  const auto detach = machine.status().at("last_switch").at("detach_ms").get<double>();
  all.gap.push_back(milliseconds(machine.added() - machine.removed()) + detach);

  must(machine.wait_status([](const Json& now) { return Machine::at_gate(now, "fifo"); }), "no way back");
  machine.pause(rest);
  all.rollback.push_back(must(machine.eject()));
  expect_rolled_back(machine, "fifo");

  machine.pause(rest);
  all.start.push_back(must(machine.run("vtime")));
  // At once, while the previous one is being started again.
  must(!Machine::at_gate(machine.status(), "fifo"), "the previous one is at the gate already");
  all.cold_rollback.push_back(must(machine.eject()));
  expect_rolled_back(machine, "fifo");
}

bool report(const Measured& all) {
  const auto handover = [&](const Draw& draw) { return median(draw(all.bare_handover)); };
  const auto start = [&](const Draw& draw) { return median(draw(all.bare_start)); };
  const auto both = [&](const Draw& draw) { return start(draw) + handover(draw); };
  fmt::print("bare start     n={} {:.1f} ms\n", all.bare_start.size(), median(all.bare_start));
  fmt::print("bare hand-over n={} {:.1f} ms\n", all.bare_handover.size(), median(all.bare_handover));
  bool met = report_bound("switch", "standby", all.standby, median, 1.15, handover);
  met &= report_bound("switch", "its gap", all.gap, median, 1.10, handover);
  met &= report_bound("switch", "start", all.start, median, 1.05, both);
  met &= report_bound("switch", "rollback", all.rollback, median, 1.5, handover);
  met &= report_bound("switch", "cold rollback", all.cold_rollback, median, 1.1, start);
  return met;
}

int run(const MachineOptions& options) {
  auto machine = must(Machine::create(options.socket, options.run_dir));
  take_precedence();
  must(machine->run("fifo"));
  const auto fifo = must(machine->request_of(machine->status()));
  must(machine->run("vtime"));
  const auto vtime = must(machine->request_of(machine->status()));
  Measured all;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    measure_bare(*machine, round % 2 == 0 ? fifo : vtime, round % 2 == 0 ? vtime : fifo, all);
    measure_ours(*machine, all);
    fmt::print(
        "round {:>2}: bare start {:.1f}, bare hand-over {:.1f}; standby {:.1f}, gap {:.1f}, start {:.1f}, rollback "
        "{:.1f}, cold rollback {:.1f} ms\n",
        round + 1, all.bare_start.back(), all.bare_handover.back(), all.standby.back(), all.gap.back(),
        all.start.back(), all.rollback.back(), all.cold_rollback.back());
    std::fflush(stdout);
  }
  must(machine->automatic());
  return report(all) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return benchmark_main("bench_switch", argc, argv, {.rounds = 40}, run); }
