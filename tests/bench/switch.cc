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
// rollback         SysRq-S → the previous one enabled                                       ≤ 1.5 × bare hand-over
//
// Needs a schedkitd with nothing else to do, default = "kernel", a probation longer than the run, and the schedulers
// fifo, vtime, and ready with standby = true (tests/vm/scenarios/switch.sh). Enabled is the kernel's add uevent, by
// one clock. The gap is remove uevent → add uevent and all of the detaching, which ends a little after the remove
// uevent. A bound is met when the lower end of the 95 % bootstrap interval of the ratio of medians is below it.
//
// Exit status: 0, 1 when a bound is missed, 2 when a switch did not go as it should, 64 usage, 77 without sched_ext.
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <vector>

#include "core/base/text.h"
#include "core/bus/client.h"
#include "core/bus/names.h"
#include "core/sched/btf_names.h"
#include "core/sched/crun_runner.h"
#include "core/sched/kernel_linux.h"
#include "core/sched/process_fd.h"
#include "core/sched/running_record.h"
#include "core/sched/uevent.h"

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

using Json = nlohmann::json;
using Milliseconds = std::chrono::duration<double, std::milli>;
using Samples = std::vector<double>;

constexpr auto patience = 60s;
constexpr auto rest = 500ms;  // between measurements: what ended has to be gone

// --- statistics ---

double median(Samples values) {
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct Interval {
  double ratio, low, high;
};

Interval bootstrap(const Samples& ours,
                   const std::function<double(const std::function<Samples(const Samples&)>&)>& bare) {
  std::mt19937 random(1);
  const auto as_it_is = [](const Samples& values) { return values; };
  const std::function<Samples(const Samples&)> drawn = [&](const Samples& values) {
    Samples again;
    for (std::size_t i = 0; i < values.size(); ++i) again.push_back(values[random() % values.size()]);
    return again;
  };
  Samples ratios;
  for (int i = 0; i < 2000; ++i) ratios.push_back(median(drawn(ours)) / bare(drawn));
  std::ranges::sort(ratios);
  return {median(ours) / bare(as_it_is), ratios[50], ratios[1949]};
}

// --- the machine ---

class Machine {
 public:
  static Result<std::unique_ptr<Machine>> create(const std::string& socket, std::string run_dir) {
    auto client = Client::connect(socket);
    if (!client) return fail(std::move(client.error()));
    std::unique_ptr<Machine> machine(new Machine(std::move(*client), std::move(run_dir)));
    if (auto opened = machine->open(); !opened) return fail(std::move(opened.error()));
    return machine;
  }

  // Runs the loop until `done`; false when it takes too long.
  bool until(const std::function<bool()>& done) {
    const auto end = clock_.now() + patience;
    Timer late(loop_);
    late.set(patience, [] {});
    while (!done() && clock_.now() < end) loop_.run_once(true);
    return done();
  }
  void pause(Duration time) {
    bool over = false;
    Timer timer(loop_);
    timer.set(time, [&] { over = true; });
    while (!over) loop_.run_once(true);
  }

  Json status() {
    const auto text = client_.status();
    return text ? Json::parse(*text) : Json();
  }
  // Looks anew every 50 ms; not while something is measured.
  bool wait_status(const std::function<bool(const Json&)>& holds) {
    for (const auto end = clock_.now() + patience; clock_.now() < end; pause(50ms)) {
      const auto now = status();
      if (now.is_object() && holds(now)) return true;
    }
    return false;
  }
  static bool at_gate(const Json& status, const std::string& name) {
    return std::ranges::any_of(status.at("standbys"), [&](const Json& standby) {
      return standby.at("name") == name && standby.at("phase") == "at the gate";
    });
  }

  // The daemon runs it: call → add uevent.
  Result<double> run(const std::string& scheduler) {
    const auto before = clock_.now();
    added_.reset();
    const UniqueFd answered(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    Result<void> result;
    bool ended = false;
    auto watch = FdWatch::create(loop_, answered.get(), [&](FdWatch::Ready) { ended = true; });
    (*watch)->want_readable();
    std::thread caller([&] {
      result = client_.run(scheduler, {});
      static_cast<void>(::eventfd_write(answered.get(), 1));
    });
    const bool done = until([&] { return ended; });
    caller.join();
    watch->reset();
    if (!result) return fail(std::move(result.error()));
    if (!done || !until([&] { return added_.has_value(); })) return fail(Errc::timeout, "{}: no add uevent", scheduler);
    return Milliseconds(*added_ - before).count();
  }
  Result<void> automatic() { return client_.go_automatic(); }

  // What the daemon runs now, to be run bare.
  Result<RunRequest> request_of(const Json& status) const {
    const std::string id = status.at("scheduler").at("container_id");
    auto record = read_record(run_dir_ + "/run/" + id);
    if (!record) return fail(std::move(record.error()));
    return record->request;
  }

  struct Bare {
    std::unique_ptr<Run> run;
    Instant begun{};
    std::optional<Instant> at_gate;
    std::optional<std::string> ended;
  };
  Result<void> start(Bare& bare, const RunRequest& request) {
    bare.begun = clock_.now();
    bare.run = runner_->start(request, {.at_gate = [&bare, this] { bare.at_gate = clock_.now(); },
                                        .failed = [&bare](const Error& error) { bare.ended = error.text; },
                                        .exited = [&bare](const RunExit& exit) { bare.ended = exit.describe(); }});
    until([&] { return bare.at_gate || bare.ended; });
    if (!bare.at_gate) return fail(Errc::failed, "bare run: {}", bare.ended.value_or("does not come to the gate"));
    return {};
  }
  Result<void> let_through(Bare& bare) {
    added_.reset();
    if (auto opened = bare.run->open_gate(); !opened) return opened;
    if (!until([&] { return added_.has_value(); })) return fail(Errc::timeout, "bare run: no add uevent");
    return {};
  }
  // The same that the daemon does: on a thread of its own.
  Result<void> detach() {
    std::optional<std::uint32_t> id;
    until([&] {
      const auto links = kernel_->links();
      if (links && !links->empty()) id = links->front().id;
      if (!id) pause(5ms);
      return id.has_value();
    });
    if (!id) return fail(Errc::not_found, "no link to detach");
    detached_at_ = clock_.now();
    kernel_->detach(*id, [](const Result<void>&) {});
    if (!until([&] { return kernel_->state().state == ExtState::disabled; })) return fail(Errc::timeout, "no detach");
    return {};
  }
  void end(Bare& bare) {
    bare.run->kill();
    until([&] { return bare.ended.has_value(); });
    bare.run.reset();
  }
  Result<double> eject() {
    added_.reset();
    const auto before = clock_.now();
    if (auto ejected = kernel_->eject(); !ejected) return fail(std::move(ejected.error()));
    if (!until([&] { return added_.has_value(); })) return fail(Errc::timeout, "no rollback");
    return Milliseconds(*added_ - before).count();
  }

  Instant added() const { return *added_; }
  Instant removed() const { return removed_; }
  Instant detached_at() const { return detached_at_; }

 private:
  Machine(Client client, std::string run_dir) : client_(std::move(client)), run_dir_(std::move(run_dir)) {}

  Result<void> open() {
    if (auto made = become_subreaper(); !made) return made;
    auto types = sched_ext_value_types();
    if (!types) return fail(std::move(types.error()));
    auto kernel = LinuxKernel::create(loop_, {.value_types = *types});
    if (!kernel) return fail(std::move(kernel.error()));
    kernel_ = std::move(*kernel);
    auto runner =
        CrunRunner::create(loop_, clock_, {.run_dir = run_dir_ + "-bare", .is_sched_ext = sched_ext_map_of(*types)});
    if (!runner) return fail(std::move(runner.error()));
    runner_ = std::move(*runner);
    auto uevents = open_uevent_socket();
    if (!uevents) return fail(std::move(uevents.error()));
    uevents_ = std::move(*uevents);
    auto watch = FdWatch::create(loop_, uevents_.get(), [this](FdWatch::Ready) { note_events(); });
    if (!watch) return fail(std::move(watch.error()));
    watch_ = std::move(*watch);
    watch_->want_readable();
    return {};
  }
  void note_events() {
    for (auto read = read_uevent(uevents_); read.kind != UeventRead::Kind::empty; read = read_uevent(uevents_)) {
      if (read.event.devpath != "/kernel/sched_ext/root") continue;
      if (read.event.action == "add") added_ = clock_.now();
      if (read.event.action == "remove") removed_ = clock_.now();
    }
  }

  Loop loop_;
  SystemClock clock_;
  Client client_;
  const std::string run_dir_;
  std::unique_ptr<LinuxKernel> kernel_;
  std::unique_ptr<CrunRunner> runner_;
  UniqueFd uevents_;
  std::unique_ptr<FdWatch> watch_;
  std::optional<Instant> added_;
  Instant removed_{};
  Instant detached_at_{};
};

// --- the rounds ---

struct Measured {
  Samples bare_start, bare_handover, standby, gap, start, rollback;
};

// A step that does not go as it should ends the benchmark.
struct Broken {
  std::string why;
};
template <class T>
T must(Result<T> result) {
  if (!result) throw Broken{result.error().describe()};
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
void must(bool held, const char* what) {
  if (!held) throw Broken{what};
}

void measure_bare(Machine& machine, const RunRequest& one, const RunRequest& other, Measured& all) {
  must(machine.automatic());
  must(machine.wait_status([](const Json& now) { return now.at("state") == "idle" && Machine::at_gate(now, "ready"); }),
       "the daemon does not come to rest");
  machine.pause(rest);
  Machine::Bare first, second;
  must(machine.start(first, one));
  must(machine.let_through(first));
  all.bare_start.push_back(Milliseconds(machine.added() - first.begun).count());
  must(machine.start(second, other));
  machine.pause(rest);
  must(machine.detach());
  must(machine.let_through(second));
  all.bare_handover.push_back(Milliseconds(machine.added() - machine.detached_at()).count());
  machine.end(first);
  machine.pause(rest);
  must(machine.detach());
  machine.end(second);
}

void measure_ours(Machine& machine, Measured& all) {
  must(machine.run("fifo"));
  must(machine.wait_status([](const Json& now) { return Machine::at_gate(now, "ready"); }), "no standby");
  machine.pause(rest);
  all.standby.push_back(must(machine.run("ready")));
  const auto detach = machine.status().at("last_switch").at("detach_ms").get<double>();
  all.gap.push_back(Milliseconds(machine.added() - machine.removed()).count() + detach);

  must(machine.wait_status([](const Json& now) { return Machine::at_gate(now, "fifo"); }), "no way back");
  machine.pause(rest);
  all.rollback.push_back(must(machine.eject()));
  must(machine.wait_status([](const Json& now) { return now.at("state") == "probation"; }), "no probation");

  machine.pause(rest);
  all.start.push_back(must(machine.run("vtime")));
}

// True when the bound is met.
bool report(const char* name, const Samples& ours, double bound,
            const std::function<double(const std::function<Samples(const Samples&)>&)>& bare) {
  const auto interval = bootstrap(ours, bare);
  const bool met = interval.low <= bound;
  fmt::print("{:<10} n={} median={:.1f} ms ratio={:.3f} [{:.3f}, {:.3f}] (bound {}){}\n", name, ours.size(),
             median(ours), interval.ratio, interval.low, interval.high, bound, met ? "" : " MISSED");
  fmt::print(
      "{{\"bench\":\"switch\",\"what\":\"{}\",\"n\":{},\"median_ms\":{:.2f},\"ratio\":{:.4f},\"low\":{:.4f},\"high\":{:"
      ".4f},"
      "\"bound\":{}}}\n",
      name, ours.size(), median(ours), interval.ratio, interval.low, interval.high, bound);
  return met;
}

bool report(const Measured& all) {
  using Draw = std::function<Samples(const Samples&)>;
  const auto handover = [&](const Draw& draw) { return median(draw(all.bare_handover)); };
  const auto start = [&](const Draw& draw) { return median(draw(all.bare_start)) + median(draw(all.bare_handover)); };
  fmt::print("bare start    n={} median={:.1f} ms\n", all.bare_start.size(), median(all.bare_start));
  fmt::print("bare hand-over n={} median={:.1f} ms\n", all.bare_handover.size(), median(all.bare_handover));
  bool met = report("standby", all.standby, 1.15, handover);
  met &= report("its gap", all.gap, 1.10, handover);
  met &= report("start", all.start, 1.05, start);
  met &= report("rollback", all.rollback, 1.5, handover);
  return met;
}

// Above the schedulers that are exchanged, so that an event's time is taken when it comes. What is started is not.
void take_precedence() {
  const sched_param parameters{.sched_priority = 1};
  must(::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0,
       "cannot become a real-time process");
}

int run(std::size_t rounds, const std::string& socket, const std::string& run_dir) {
  auto machine = must(Machine::create(socket, run_dir));
  take_precedence();
  must(machine->run("fifo"));
  const auto fifo = must(machine->request_of(machine->status()));
  must(machine->run("vtime"));
  const auto vtime = must(machine->request_of(machine->status()));
  Measured all;
  for (std::size_t round = 0; round < rounds; ++round) {
    measure_bare(*machine, round % 2 == 0 ? fifo : vtime, round % 2 == 0 ? vtime : fifo, all);
    measure_ours(*machine, all);
    fmt::print(
        "round {:>2}: bare start {:.1f}, bare hand-over {:.1f}; standby {:.1f}, gap {:.1f}, start {:.1f}, rollback "
        "{:.1f} ms\n",
        round + 1, all.bare_start.back(), all.bare_handover.back(), all.standby.back(), all.gap.back(),
        all.start.back(), all.rollback.back());
    std::fflush(stdout);
  }
  must(machine->automatic());
  return report(all) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t rounds = 40;
  std::string socket, run_dir = "/run/schedkit";
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const auto number = parse_unsigned(i + 1 < argc ? argv[i + 1] : "");
    if (option == "--rounds" && number && *number >= 1 && *number <= 10000) {
      rounds = *number;
    } else if (option == "--socket" && i + 1 < argc) {
      socket = argv[i + 1];
    } else if (option == "--run-dir" && i + 1 < argc) {
      run_dir = argv[i + 1];
    } else {
      std::cerr << "usage: bench_switch [--rounds N] [--socket PATH] [--run-dir PATH]\n";
      return 64;
    }
  }
  if (::access("/sys/kernel/sched_ext/state", F_OK) != 0) {
    std::cout << "bench_switch: SKIPPED: this kernel has no sched_ext\n";
    return 77;
  }
  try {
    return run(rounds, socket.empty() ? bus::socket_path(run_dir) : socket, run_dir);
  } catch (const Broken& broken) {
    std::cerr << "bench_switch: " << broken.why << "\n";
  } catch (const Json::exception& error) {
    std::cerr << "bench_switch: status is not what it should be: " << error.what() << "\n";
  }
  return 2;
}
