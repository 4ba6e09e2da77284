#include "core/sched/container.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/loop/work.h"
#include "core/sched/process_fd.h"
#include "core/sched/runtime_spec.h"

namespace schedkit {

namespace {

constexpr Duration runtime_patience = std::chrono::seconds(30);
constexpr Duration listener_patience = std::chrono::seconds(30);
constexpr Duration kill_patience = std::chrono::seconds(5);
constexpr std::size_t told_lines = 10;
constexpr std::size_t log_limit = 64 * 1024;

}  // namespace

Container::Container(ContainerHost& host, std::string id, RunRequest request, RunObserver observer)
    : host_(host), observer_(std::move(observer)), timer_(host.loop), later_(host.loop) {
  record_.id = std::move(id);
  record_.request = std::move(request);
  record_.started = host.clock.now();
  record_.started_wall = host.clock.wall_now();
}

Container::Container(ContainerHost& host, RunningRecord record)
    : host_(host), record_(std::move(record)), phase_(Phase::running), timer_(host.loop), later_(host.loop) {}

Container::~Container() = default;

void Container::start() {
  auto begun = prepare();
  if (begun) begun = create();
  if (begun) return;
  later_.set(Duration::zero(), [this, error = begun.error()] { fail_run(error); });
}

Result<void> Container::prepare() {
  SpecInput input;
  input.id = record_.id;
  input.gate_socket = host_.gate_socket;
  input.scx_directory = scx_directory();
  input.cgroups_path = cgroups_path(host_.cgroups, record_.id);
  input.cpus = host_.cpus;
  input.permissions = host_.permissions;
  const auto spec = runtime_spec(record_.request, input);
  if (!spec) return fail(spec.error());
  if (auto made = make_directories(directory(), 0700); !made) return made;
  if (auto made = make_directories(scx_directory()); !made) return made;
  auto output = Output::create(host_.loop, directory(), [this](const std::string& line) {
    if (host_.on_line) host_.on_line(record_.id, record_.request, line);
  });
  if (!output) return fail(std::move(output.error()));
  output_ = std::move(*output);
  return write_file_atomic(directory() + "/config.json", *spec);
}

std::vector<std::string> Container::runtime_words(const char* command) const {
  auto words = runtime_command(host_.cgroups, host_.runtime, host_.run_dir + "/crun");
  words.push_back("--log=" + directory() + "/crun.log");  // its standard error is the scheduler's
  words.emplace_back(command);
  return words;
}

namespace {

// NOTIFY_SOCKET and LISTEN_FDS of a daemon under systemd are not for the runtime, which would pass them on.
ChildOptions runtime_options(std::vector<std::string> argv) {
  ChildOptions options;
  options.argv = std::move(argv);
  options.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  options.directory = "/";
  options.timeout = runtime_patience;
  return options;
}

}  // namespace

Result<void> Container::create() {
  auto out = output_->open_stdout();
  if (!out) return fail(std::move(out.error()));
  auto err = output_->open_stderr();
  if (!err) return fail(std::move(err.error()));
  auto argv = runtime_words("create");
  argv.insert(argv.end(), {"--bundle", directory(), "--pid-file", directory() + "/pid", record_.id});
  auto options = runtime_options(std::move(argv));
  options.stdout_fd = out->get();
  options.stderr_fd = err->get();
  auto child = Child::start(host_.loop, std::move(options), [this](ChildExit exit) { created(exit); });
  if (!child) return fail(std::move(child.error()));
  runtime_ = std::move(*child);
  return {};
}

Error Container::runtime_error(const char* what, const ChildExit& exit) const {
  const auto log = read_file(directory() + "/crun.log", log_limit);
  const std::string said(trim(log ? *log : exit.output));
  std::string how = fmt::format("{} exited with status {}", host_.runtime, exit.status);
  if (exit.timed_out) how = fmt::format("{} took longer than {}", host_.runtime, format_duration(runtime_patience));
  if (!exit.timed_out && exit.signal != 0) how = fmt::format("{} was killed by signal {}", host_.runtime, exit.signal);
  return {Errc::failed,
          fmt::format("cannot {} the container of scheduler {}: {}{}{}", what, record_.request.choice.name(), how,
                      said.empty() ? "" : ": ", said),
          {}};
}

void Container::created(const ChildExit& exit) {
  runtime_.reset();
  if (!exit.ok()) return fail_run(runtime_error("create", exit));
  begin_run();
}

void Container::begin_run() {
  auto begun = find_process();
  if (begun) begun = write_record(directory(), record_);
  if (begun) begun = watch_process();
  if (!begun) return fail_run(std::move(begun.error()));
  if (doomed_) {
    phase_ = Phase::running;
    return kill();
  }
  if (auto started = begin_start(); !started) fail_run(std::move(started.error()));
}

Result<void> Container::find_process() {
  const auto text = read_file(directory() + "/pid", 64);
  if (!text) return fail(text.error());
  const auto pid = parse_unsigned(trim(*text));
  if (!pid || *pid == 0) return fail(Errc::failed, "{} wrote no process id: {}", host_.runtime, quote(*text));
  record_.pid = static_cast<std::int32_t>(*pid);
  auto process = open_process(record_.pid);
  if (!process) return fail(std::move(process.error()));
  process_ = std::move(*process);
  const auto ticks = start_ticks(record_.pid);
  if (!ticks) return fail(ticks.error());
  record_.start_ticks = *ticks;
  auto held = open_mount_namespace(record_.pid);
  if (!held) return fail(std::move(held.error()));
  namespace_ = std::make_shared<UniqueFd>(std::move(*held));
  record_.mount_namespace = mount_namespace(record_.pid);
  if (record_.mount_namespace == 0 || record_.mount_namespace == mount_namespace(::getpid())) {
    return fail(Errc::failed, "the container's process has no mount namespace of its own");
  }
  record_.cgroup = cgroup_directory(record_.pid, record_.id);
  return {};
}

Result<void> Container::watch_process() {
  auto watch = FdWatch::create(host_.loop, process_.get(), [this](FdWatch::Ready) { process_ended(); });
  if (!watch) return fail(std::move(watch.error()));
  process_watch_ = std::move(*watch);
  process_watch_->want_readable();
  return {};
}

Result<void> Container::begin_start() {
  phase_ = Phase::starting;
  auto argv = runtime_words("start");
  argv.push_back(record_.id);
  auto child =
      Child::start(host_.loop, runtime_options(std::move(argv)), [this](ChildExit exit) { start_ended(exit); });
  if (!child) return fail(std::move(child.error()));
  runtime_ = std::move(*child);
  return {};
}

void Container::start_ended(const ChildExit& exit) {
  runtime_.reset();
  if (!exit.ok() && !doomed_) return fail_run(runtime_error("start", exit));
  phase_ = Phase::running;
  if (process_has_ended_) return tell_exited();
  if (stopping_) return ask_to_end();
  if (gate_) return;
  // The program cannot begin before the listener was sent, but that reaches us by another way.
  later_.set(listener_patience, [this] {
    fail_run({Errc::failed, fmt::format("{} handed over no listener for the attach gate", host_.runtime), {}});
  });
}

Result<void> Container::adopt(RunObserver observer) {
  auto process = open_process(record_.pid);
  if (!process) return fail(std::move(process.error()));
  process_ = std::move(*process);
  auto held = open_mount_namespace(record_.pid);
  if (!held) return fail(std::move(held.error()));
  namespace_ = std::make_shared<UniqueFd>(std::move(*held));
  // Looked at with process and namespace in hand, so neither can be another's.
  if (!is_alive(record_) || mount_namespace(record_.pid) != record_.mount_namespace) {
    return fail(Errc::not_found, "process {} of run {} has ended", record_.pid, record_.id);
  }
  auto output = Output::create(host_.loop, directory(), [this](const std::string& line) {
    if (host_.on_line) host_.on_line(record_.id, record_.request, line);
  });
  if (!output) return fail(std::move(output.error()));
  output_ = std::move(*output);
  observer_ = std::move(observer);
  return watch_process();
}

void Container::process_ended() {
  process_watch_.reset();
  const auto status = reap(process_);
  exit_.status = status.status;
  exit_.signal = status.signal;
  process_has_ended_ = true;
  if (doomed_) runtime_.reset();  // `crun start` may wait for a process that is no more
  if (!runtime_) tell_exited();
}

void Container::tell_exited() {
  drop_gate();
  timer_.cancel();
  later_.cancel();
  output_->drain();
  exit_.last_output = output_->tail(told_lines);
  phase_ = Phase::ended;
  const auto told = std::exchange(observer_, {}).exited;
  clean_up();
  if (told) told(exit_);
}

void Container::fail_run(Error error) {
  runtime_.reset();
  process_watch_.reset();
  drop_gate();
  timer_.cancel();
  later_.cancel();
  phase_ = Phase::ended;
  if (output_) output_->drain();
  if (process_) (void)send_signal(process_, SIGKILL);
  const auto told = std::exchange(observer_, {}).failed;
  clean_up();
  if (told) told(std::move(error));
}

void Container::take_listener(UniqueFd listener) {
  if (gate_ || !is_live()) return;
  auto gate = Gate::create(host_.loop, std::move(listener), host_.is_sched_ext, gate_observer());
  if (!gate) return fail_run(std::move(gate.error()));
  gate_ = std::move(*gate);
  if (host_.listeners.keep) host_.listeners.keep(record_.id, gate_->listener());
  gate_->keep_open(keep_gate_open_);
  later_.cancel();
}

GateObserver Container::gate_observer() {
  return {.arrived =
              [this] {
                const auto told = observer_.at_gate;
                if (told) told();
              },
          .parked =
              [this](const std::vector<std::uint64_t>& ids) {
                record_.parked = ids;
                (void)write_record(directory(), record_);  // without it a restart costs the run, nothing else
              },
          .opening = host_.on_attach};
}

void Container::take_over_listener(UniqueFd listener) {
  const auto waiting = threads_in_notification(record_.pid);
  auto taken = Gate::take_over(host_.loop, std::move(listener), host_.is_sched_ext, gate_observer(), record_.parked);
  if (!taken) return kill();
  gate_ = std::move(taken->gate);
  if (waiting > taken->known) kill();
}

void Container::drop_gate() {
  if (gate_ && host_.listeners.forget) host_.listeners.forget(record_.id);
  gate_.reset();
}

Result<void> Container::open_gate() {
  if (!gate_) return fail(Errc::not_found, "run {} has no attach gate", record_.id);
  return gate_->open();
}

void Container::keep_gate_open(bool open) {
  keep_gate_open_ = open;
  if (gate_) gate_->keep_open(open);
}

bool Container::owns(std::int32_t pid) const {
  return namespace_ && record_.mount_namespace != 0 && mount_namespace(pid) == record_.mount_namespace;
}

std::vector<std::string> Container::output() const { return output_ ? output_->lines() : std::vector<std::string>(); }

void Container::stop(Duration grace) {
  if (phase_ == Phase::creating) return kill();
  if (!is_live() || doomed_) return;
  stopping_ = true;
  timer_.set(grace, [this] { kill(); });
  // Until `crun start` has returned nobody can tell whether the program has begun or the signal would reach crun's own code.
  if (phase_ == Phase::running) ask_to_end();
}

void Container::ask_to_end() {
  (void)send_signal(process_, record_.request.image.stop_signal);  // not there: its end is about to be seen
}

void Container::kill() {
  if (!is_live()) return;
  doomed_ = true;
  timer_.cancel();
  if (!process_) return;  // created() comes back to it
  (void)send_signal(process_, SIGKILL);
  kill_cgroup(record_.cgroup);
  kill_all(record_.pid, [] {});
}

void Container::kill_now() {
  if (!is_live()) return;
  if (process_) (void)send_signal(process_, SIGKILL);
  kill_cgroup(record_.cgroup);
  if (namespace_) kill_namespace(record_.mount_namespace, record_.pid, Duration::zero());
}

void Container::kill_all(std::int32_t keep, std::function<void()> then) {
  const auto zombies = std::make_shared<std::vector<std::int32_t>>();  // job and answer are copied apart
  const std::string marker = namespace_ ? "" : run_marker(record_.id);
  run_in_pool(
      host_.loop,
      [held = namespace_, inode = record_.mount_namespace, keep, marker, zombies] {
        kill_namespace(inode, keep, kill_patience, marker);
        *zombies = zombie_children();
      },
      [this, way_back = std::weak_ptr<int>(alive_), zombies, then = std::move(then)] {
        if (way_back.expired()) return;
        zombies_ = *zombies;
        then();
      });
}

void Container::clean_up() {
  phase_ = Phase::ended;
  kill_cgroup(record_.cgroup);
  kill_all(0, [this] { delete_container(); });
}

void Container::delete_container() {
  if (process_) (void)reap(process_);  // of a run that failed
  auto argv = runtime_words("delete");
  argv.insert(argv.end(), {"--force", record_.id});
  auto child = Child::start(host_.loop, runtime_options(std::move(argv)), [this](const ChildExit&) {
    runtime_.reset();
    remove_files();
  });
  if (!child) return remove_files();  // what the runtime keeps is taken away by the next daemon
  runtime_ = std::move(*child);
}

void Container::remove_files() {
  process_.reset();
  namespace_.reset();
  (void)remove_tree(scx_directory());
  (void)remove_tree(directory());
  phase_ = Phase::gone;
  host_.on_gone(record_.id, zombies_);
}

}  // namespace schedkit
