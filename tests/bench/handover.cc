// The time without a scheduler when one is exchanged for another: through schedkit's gate, against stopping the present
// one first, with the same two schedulers and the same daemon in one run.
//
//   bench_handover [--rounds N] [--socket PATH] [--run-dir PATH]
//
// Each round (20) makes one switch of each kind; which comes first and in which direction alternates. Needs a schedkitd
// with nothing else to do whose policies define the schedulers fifo and vtime, and of the same two images fifo_stop and
// vtime_stop with handover = "stop-first". Both find their image unpacked; stop-first starts the container and loads
// while nothing is attached, which is what the gate saves.
//
// A time counts from the kernel's remove uevent of the old scheduler to its add uevent of the new one, by one clock of
// this process. Tasks have left the old scheduler a little before that uevent; so the same with all of the detaching
// added, from the call on, is told too, and is an upper bound. The goal is a ratio of at most 0.3 at p50 in both.
//
// Exit status: 0, 1 when the goal is missed, 2 when a switch did not go as it should, 64 usage, 77 without sched_ext.
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <thread>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/bus/client.h"
#include "core/bus/status_json.h"
#include "core/sched/uevent.h"
#include "tests/bench/machine.h"
#include "tests/bench/statistics.h"

using namespace schedkit;
using namespace schedkit::bench;

namespace {

constexpr double goal = 0.3;

// Between switches: the old scheduler's container has to be gone. Otherwise its end would burden the stop-first switch
// after it, and not the one through the gate, which loads meanwhile.
constexpr auto settle = std::chrono::seconds(1);

struct Gap {
  double events = 0;  // remove uevent to add uevent
  double whole = 0;   // the same and all of the detaching
};

// What the kernel told while a switch went on.
struct Seen {
  std::vector<Instant> removed;
  std::vector<Instant> added;
  bool lost = false;
};

void note_events(const UniqueFd& uevents, Seen& seen) {
  for (auto read = read_uevent(uevents); read.kind != UeventRead::Kind::empty; read = read_uevent(uevents)) {
    const auto now = SystemClock().now();
    seen.lost |= read.kind == UeventRead::Kind::lost;
    if (read.event.devpath != "/kernel/sched_ext/root") continue;
    if (read.event.action == "remove") seen.removed.push_back(now);
    if (read.event.action == "add") seen.added.push_back(now);
  }
}

class Switches {
 public:
  Switches(Client& client, const UniqueFd& uevents) : client_(client), uevents_(uevents) {}

  // Makes the daemon run `scheduler` and watches; the daemon answers when the kernel has confirmed.
  Result<Seen> watch(const std::string& scheduler) {
    const UniqueFd answered(::eventfd(0, EFD_CLOEXEC));
    if (!answered) return fail_errno(errno, "cannot make an eventfd");
    Result<void> result;
    std::thread caller([&] {
      result = client_.run(scheduler, {});
      static_cast<void>(::eventfd_write(answered.get(), 1));
    });
    Seen seen;
    std::array<pollfd, 2> waiting{pollfd{uevents_.get(), POLLIN, 0}, pollfd{answered.get(), POLLIN, 0}};
    while (waiting[1].revents == 0) {
      static_cast<void>(::poll(waiting.data(), waiting.size(), -1));
      note_events(uevents_, seen);
    }
    caller.join();
    note_events(uevents_, seen);
    if (!result) return fail(with_context(std::move(result.error()), scheduler));
    return seen;
  }

  Result<Gap> measure(const std::string& scheduler) {
    std::this_thread::sleep_for(settle);
    auto seen = watch(scheduler);
    if (!seen) return fail(std::move(seen.error()));
    if (seen->lost || seen->removed.size() != 1 || seen->added.size() != 1 || seen->added[0] < seen->removed[0]) {
      return fail(Errc::failed, "{}: expected one remove and then one add uevent, got {} and {}{}", scheduler,
                  seen->removed.size(), seen->added.size(), seen->lost ? ", and some were lost" : "");
    }
    auto text = client_.status();
    if (!text) return fail(std::move(text.error()));
    auto status = parse_status(*text, SystemClock().now());
    if (!status) return fail(std::move(status.error()));
    if (!status->last_switch || status->last_switch->to != scheduler) {
      return fail(Errc::failed, "{}: the daemon's last switch is to {}", scheduler,
                  status->last_switch ? status->last_switch->to : "nothing");
    }
    const double events = milliseconds(seen->added[0] - seen->removed[0]);
    return Gap{events, events + milliseconds(status->last_switch->detach)};
  }

 private:
  Client& client_;
  const UniqueFd& uevents_;
};

struct Method {
  const char* name;
  const char* suffix;  // of the schedulers' names
  std::vector<Gap> gaps = {};
};

double percentile_of(const std::vector<Gap>& gaps, double Gap::*value, double share) {
  Samples values;
  for (const auto& gap : gaps) values.push_back(gap.*value);
  return percentile(std::move(values), share);
}

void print_times(const Method& method, const char* what, double Gap::*value) {
  const double p50 = percentile_of(method.gaps, value, 0.5);
  const double p95 = percentile_of(method.gaps, value, 0.95);
  fmt::print("{:<10} {:<18} n={} p50={:.1f} ms p95={:.1f} ms\n", method.name, what, method.gaps.size(), p50, p95);
  fmt::print(
      "{{\"bench\":\"handover\",\"method\":\"{}\",\"what\":\"{}\",\"n\":{},\"p50_ms\":{:.2f},\"p95_ms\":{:.2f}}}\n",
      method.name, what, method.gaps.size(), p50, p95);
}

// True when the goal is met.
bool report(const Method& gate, const Method& stop_first) {
  bool met = true;
  for (const auto& [what, value] : {std::pair{"remove to add", &Gap::events}, {"with detaching", &Gap::whole}}) {
    print_times(gate, what, value);
    print_times(stop_first, what, value);
    const double p50 = percentile_of(gate.gaps, value, 0.5) / percentile_of(stop_first.gaps, value, 0.5);
    const double p95 = percentile_of(gate.gaps, value, 0.95) / percentile_of(stop_first.gaps, value, 0.95);
    met &= p50 <= goal;
    fmt::print("ratio      {:<18} at p50 {:.3f}, at p95 {:.3f} (goal: at most {} at p50)\n", what, p50, p95, goal);
    fmt::print(
        "{{\"bench\":\"handover\",\"method\":\"ratio\",\"what\":\"{}\",\"n\":{},\"p50\":{:.4f},\"p95\":{:.4f}}}\n",
        what, gate.gaps.size(), p50, p95);
  }
  if (!met) fmt::print("bench_handover: the goal is missed\n");
  return met;
}

Result<void> run_rounds(Switches& switches, std::size_t rounds, Method& gate, Method& stop_first) {
  if (auto first = switches.watch("fifo"); !first) return fail(std::move(first.error()));
  for (std::size_t round = 0; round < rounds; ++round) {
    std::array<Method*, 2> order{&gate, &stop_first};
    if (round % 2 == 1) std::ranges::reverse(order);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::string scheduler = (i == 0 ? "vtime" : "fifo") + std::string(order[i]->suffix);
      auto gap = switches.measure(scheduler);
      if (!gap) return fail(std::move(gap.error()));
      order[i]->gaps.push_back(*gap);
      std::cout << fmt::format("round {:>2}: {:<10} {:<10} {:>7.1f} ms, with detaching {:>7.1f} ms\n", round + 1,
                               order[i]->name, scheduler, gap->events, gap->whole)
                << std::flush;
    }
  }
  return {};
}

int run(const MachineOptions& options) {
  Method gate{"gate", ""};
  Method stop_first{"stop-first", "_stop"};
  auto client = must(Client::connect(options.socket));
  const auto uevents = must(open_uevent_socket());
  take_precedence();
  Switches switches(client, uevents);
  auto done = run_rounds(switches, options.rounds, gate, stop_first);
  if (auto back = client.go_automatic(); done && !back) done = fail(std::move(back.error()));
  must(std::move(done));
  return report(gate, stop_first) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return benchmark_main("bench_handover", argc, argv, {.rounds = 20}, run); }
