// How long it takes until schedkitd tells of a scheduler that somebody else attaches, against a bare reader of the same
// uevents in the same run.
//
//   bench_foreign [--rounds N] [--socket PATH] [--run-dir PATH]
//
// Each round a container that schedkitd does not know waits at a gate of this program's own; then it is let through, and
// later its link is detached. From either moment on are timed: the kernel's uevent as this program reads it, and the
// daemon's PropertiesChanged that says State = "foreign" (then "idle"). Bound: 1.5 × at p95, met when the lower end of
// the 95 % bootstrap interval is below it. This is an ordinary process, as the daemon is. Needs a schedkitd with nothing
// else to do and the scheduler fifo (tests/vm/scenarios/foreign.sh).
//
// Exit status: 0, 1 when a bound is missed, 2 when something did not go as it should, 64 usage, 77 without sched_ext.
#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "core/bus/bus_link.h"
#include "core/bus/names.h"
#include "core/bus/property_value.h"
#include "tests/bench/machine.h"
#include "tests/bench/statistics.h"

using namespace schedkit;
using namespace schedkit::bench;
using namespace std::chrono_literals;

namespace {

constexpr auto rest = 500ms;  // what was begun by the step before has to be over

// The last State that a signal told, and when it came.
class StateSignals {
 public:
  StateSignals(Machine& machine, const std::string& socket)
      : machine_(machine),
        link_(
            machine.loop(), "unix:path=" + socket, [this](sd_bus* bus) { up(bus); }, [this] { signals_.reset(); },
            BusLink::End::peer) {
    link_.open();
    must(machine.until([this] { return link_.is_up(); }), "schedkitd does not answer");
  }
  ~StateSignals() { link_.close(); }

  void forget() { state_.clear(); }
  Instant wait(const std::string& state) {
    must(machine_.until([&] { return state_ == state; }), ("no signal of the state " + state).c_str());
    return told_;
  }

 private:
  static int on_message(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0) {
      static_cast<StateSignals*>(self)->changed(message);
    }
    return 0;
  }
  void up(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    if (sd_bus_add_filter(bus, &slot, on_message, this) >= 0) signals_.reset(slot);
  }
  void changed(sd_bus_message* message) {
    const auto now = machine_.clock().now();
    const char* name = nullptr;
    if (sd_bus_message_skip(message, "s") < 0 || sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return;
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
      if (sd_bus_message_read(message, "s", &name) < 0) return;
      const bool is_state = std::string_view(name) == "State";
      const auto value = read_variant(message);
      if (is_state && value && std::holds_alternative<std::string>(*value)) {
        state_ = std::get<std::string>(*value);
        told_ = now;
      }
      sd_bus_message_exit_container(message);
    }
  }

  Machine& machine_;
  SlotPtr signals_;
  std::string state_;
  Instant told_{};
  BusLink link_;
};

struct Measured {
  Samples attached_event, attached_told, detached_event, detached_told;
};

void measure(Machine& machine, StateSignals& signals, const RunRequest& request, Measured& all) {
  Machine::Bare stranger;
  must(machine.start(stranger, request));
  machine.pause(rest);
  signals.forget();
  must(machine.let_through(stranger));
  all.attached_event.push_back(milliseconds(machine.added() - machine.opened_at()));
  all.attached_told.push_back(milliseconds(signals.wait("foreign") - machine.opened_at()));
  machine.pause(rest);
  signals.forget();
  must(machine.detach());
  must(machine.until([&] { return machine.removed() > machine.detached_at(); }), "no remove uevent");
  all.detached_told.push_back(milliseconds(signals.wait("idle") - machine.detached_at()));
  all.detached_event.push_back(milliseconds(machine.removed() - machine.detached_at()));
  machine.end(stranger);
  machine.pause(rest);
}

double p95(Samples values) { return percentile(std::move(values), 0.95); }

int run(const MachineOptions& options) {
  auto machine = must(Machine::create(options.socket, options.run_dir));
  must(machine->run("fifo"));
  const auto fifo = must(machine->request_of(machine->status()));
  machine->come_to_rest("");
  StateSignals signals(*machine, options.socket);
  Measured all;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    measure(*machine, signals, fifo, all);
    fmt::print("round {:>2}: attached {:.1f}, told {:.1f}; detached {:.1f}, told {:.1f} ms\n", round + 1,
               all.attached_event.back(), all.attached_told.back(), all.detached_event.back(),
               all.detached_told.back());
    std::fflush(stdout);
  }
  fmt::print("bare reader: p95 of attached {:.1f} ms, of detached {:.1f} ms\n", p95(all.attached_event),
             p95(all.detached_event));
  bool met = report_bound("foreign", "attached, p95", all.attached_told, p95, 1.5,
                          [&](const Draw& draw) { return p95(draw(all.attached_event)); });
  met &= report_bound("foreign", "detached, p95", all.detached_told, p95, 1.5,
                      [&](const Draw& draw) { return p95(draw(all.detached_event)); });
  return met ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return benchmark_main("bench_foreign", argc, argv, {.rounds = 40}, run); }
