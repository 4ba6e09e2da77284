#include "tests/bench/machine.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "core/base/text.h"
#include "core/bus/names.h"
#include "core/sched/btf_names.h"
#include "core/sched/process_fd.h"
#include "core/sched/running_record.h"
#include "core/sched/uevent.h"

using namespace std::chrono_literals;

namespace schedkit::bench {

namespace {

constexpr auto patience = 60s;

}  // namespace

void take_precedence() {
  const sched_param parameters{.sched_priority = 1};
  must(::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0,
       "cannot become a real-time process");
}

double milliseconds(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

Result<std::unique_ptr<Machine>> Machine::create(const std::string& socket, std::string run_dir) {
  auto client = Client::connect(socket);
  if (!client) return fail(std::move(client.error()));
  std::unique_ptr<Machine> machine(new Machine(std::move(*client), std::move(run_dir)));
  if (auto opened = machine->open(); !opened) return fail(std::move(opened.error()));
  return machine;
}

Result<void> Machine::open() {
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

void Machine::note_events() {
  for (auto read = read_uevent(uevents_); read.kind != UeventRead::Kind::empty; read = read_uevent(uevents_)) {
    if (read.event.devpath != "/kernel/sched_ext/root") continue;
    if (read.event.action == "add") added_ = clock_.now();
    if (read.event.action == "remove") removed_ = clock_.now();
  }
}

bool Machine::until(const std::function<bool()>& done) {
  const auto end = clock_.now() + patience;
  Timer late(loop_);
  late.set(patience, [] {});
  while (!done() && clock_.now() < end) loop_.run_once(true);
  return done();
}

void Machine::pause(Duration time) {
  bool over = false;
  Timer timer(loop_);
  timer.set(time, [&] { over = true; });
  while (!over) loop_.run_once(true);
}

Json Machine::status() {
  const auto text = client_.status();
  return text ? Json::parse(*text) : Json();
}

bool Machine::wait_status(const std::function<bool(const Json&)>& holds) {
  for (const auto end = clock_.now() + patience; clock_.now() < end; pause(50ms)) {
    const auto now = status();
    if (now.is_object() && holds(now)) return true;
  }
  return false;
}

bool Machine::at_gate(const Json& status, const std::string& name) {
  return std::ranges::any_of(status.at("standbys"), [&](const Json& standby) {
    return standby.at("name") == name && standby.at("phase") == "at the gate";
  });
}

Result<double> Machine::run(const std::string& scheduler) {
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
  return milliseconds(*added_ - before);
}

Result<RunRequest> Machine::request_of(const Json& status) const {
  const std::string id = status.at("scheduler").at("container_id");
  auto record = read_record(run_dir_ + "/run/" + id);
  if (!record) return fail(std::move(record.error()));
  return record->request;
}

Result<void> Machine::start(Bare& bare, const RunRequest& request) {
  bare.begun = clock_.now();
  bare.run = runner_->start(request, {.at_gate = [&bare, this] { bare.at_gate = clock_.now(); },
                                      .failed = [&bare](const Error& error) { bare.ended = error.text; },
                                      .exited = [&bare](const RunExit& exit) { bare.ended = exit.describe(); }});
  until([&] { return bare.at_gate || bare.ended; });
  if (!bare.at_gate) return fail(Errc::failed, "bare run: {}", bare.ended.value_or("does not come to the gate"));
  return {};
}

Result<void> Machine::let_through(Bare& bare) {
  added_.reset();
  opened_at_ = clock_.now();
  if (auto opened = bare.run->open_gate(); !opened) return opened;
  if (!until([&] { return added_.has_value(); })) return fail(Errc::timeout, "bare run: no add uevent");
  return {};
}

Result<void> Machine::detach() {
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

void Machine::end(Bare& bare) {
  bare.run->kill();
  until([&] { return bare.ended.has_value(); });
  bare.run.reset();
}

Result<double> Machine::eject() {
  added_.reset();
  const auto before = clock_.now();
  if (auto ejected = kernel_->eject(); !ejected) return fail(std::move(ejected.error()));
  if (!until([&] { return added_.has_value(); })) return fail(Errc::timeout, "no rollback");
  return milliseconds(*added_ - before);
}

void Machine::come_to_rest(const std::string& standby) {
  must(automatic());
  const auto rests = [&](const Json& now) {
    return now.at("state") == "idle" && (standby.empty() || at_gate(now, standby));
  };
  must(wait_status(rests), "the daemon does not come to rest");
}

int benchmark_main(const char* name, int argc, char** argv, MachineOptions options,
                   const std::function<int(const MachineOptions&)>& run) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const auto number = parse_unsigned(i + 1 < argc ? argv[i + 1] : "");
    if (option == "--rounds" && number && *number >= 1 && *number <= 10000) {
      options.rounds = *number;
    } else if (option == "--socket" && i + 1 < argc) {
      options.socket = argv[i + 1];
    } else if (option == "--run-dir" && i + 1 < argc) {
      options.run_dir = argv[i + 1];
    } else {
      std::cerr << "usage: " << name << " [--rounds N] [--socket PATH] [--run-dir PATH]\n";
      return 64;
    }
  }
  if (::access("/sys/kernel/sched_ext/state", F_OK) != 0) {
    std::cout << name << ": SKIPPED: this kernel has no sched_ext\n";
    return 77;
  }
  if (options.socket.empty()) options.socket = bus::socket_path(options.run_dir);
  try {
    return run(options);
  } catch (const Broken& broken) {
    std::cerr << name << ": " << broken.why << "\n";
  } catch (const Json::exception& error) {
    std::cerr << name << ": status is not what it should be: " << error.what() << "\n";
  }
  return 2;
}

}  // namespace schedkit::bench
