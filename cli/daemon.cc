#include "cli/daemon.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <thread>
#include <utility>

#include "cli/image_remote.h"
#include "config/trust_file.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/bus/names.h"
#include "core/bus/service_manager.h"
#include "core/sched/btf_names.h"

namespace schedkit {

namespace {

// How long cleaning up after ended containers may hold up our own end.
constexpr Duration last_cleanup = std::chrono::seconds(5);

// Names of gate listeners among the descriptors that outlive us: "gate-RUN".
constexpr std::string_view listener_prefix = "gate-";

std::string listener_name(const std::string& run) { return std::string(listener_prefix) + run; }

std::map<std::string, UniqueFd> kept_listeners() {
  std::map<std::string, UniqueFd> kept;
  for (auto& [name, fd] : received_descriptors()) {
    if (name.starts_with(listener_prefix)) kept.emplace(name.substr(listener_prefix.size()), std::move(fd));
  }
  return kept;
}

}  // namespace

Daemon::Daemon(Loop& loop, DaemonOptions options)
    : loop_(loop),
      options_(std::move(options)),
      cgroups_(loop, clock_),
      wall_clock_(loop, clock_),
      bus_(loop),
      pressure_(loop),
      timer_(std::make_unique<Timer>(loop)),
      last_timer_(std::make_unique<Timer>(loop)),
      watchdog_timer_(std::make_unique<Timer>(loop)) {}

Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::create(Loop& loop, DaemonOptions options) {
  std::unique_ptr<Daemon> daemon(new Daemon(loop, std::move(options)));
  for (const auto step :
       {&Daemon::claim_run_dir, &Daemon::make_mechanisms, &Daemon::make_controller, &Daemon::make_bus}) {
    if (auto made = (daemon.get()->*step)(); !made) return fail(std::move(made.error()));
  }
  if (auto started = daemon->controller_->start(); !started) return fail(std::move(started.error()));
  if (daemon->controller_->status().current) daemon->guard_->announce();
  daemon->before_poll_ = std::make_unique<BeforePoll>(loop, [raw = daemon.get()] { raw->after_change(); });
  daemon->signals_ = std::make_unique<Signals>(loop, std::vector{SIGTERM, SIGINT, SIGHUP, SIGUSR2},
                                               [raw = daemon.get()](int number) { raw->signalled(number); });
  notify_ready();
  daemon->feed_watchdog();
  return daemon;
}

// Two daemons on one run directory would take each other's schedulers for left-overs.
Result<void> Daemon::claim_run_dir() {
  if (auto made = make_directories(options_.run_dir); !made) return made;
  const std::string path = options_.run_dir + "/lock";
  auto lock = open_file(path, O_RDWR | O_CREAT);
  if (!lock) return fail(std::move(lock.error()));
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::busy, "another schedkitd uses {} (it holds {})", options_.run_dir, path);
  }
  lock_ = std::move(*lock);
  return {};
}

Result<void> Daemon::make_mechanisms() {
  auto where = Directories::under(options_.root);
  if (!options_.state_dir.empty()) where.last_good = options_.state_dir + "/last-good";
  auto directories =
      PolicyDirectories::create(loop_, where,
                                {.policy =
                                     [this](const Policy& policy) {
                                       configure_guard(policy.settings.guard);
                                       admission_->use(policy.settings.trust, policy.settings.trust_file);
                                       controller_->replace(policy);
                                       service_->policy_changed();
                                     },
                                 .report =
                                     [this](const PolicyReport& report) {
                                       controller_->report(report);
                                       service_->policy_changed();
                                     }});
  if (!directories) return fail(std::move(directories.error()));
  directories_ = std::move(*directories);
  const Settings& settings = directories_->policy().settings;

  utsname system{};
  ::uname(&system);
  kernel_release_ = system.release;
  auto store = Store::open({.root = state_dir()});
  if (!store) return fail(std::move(store.error()));
  remote_ = make_image_remote(loop_, clock_, settings, options_.root);
  admission_ = std::make_shared<TrustAdmission>(loop_, clock_, *remote_, load_trust_file);
  admission_->use(settings.trust, settings.trust_file);
  const auto keep = static_cast<std::size_t>(std::max<std::int64_t>(settings.store_keep, 1));
  images_ = std::make_unique<Images>(Images::Parts{loop_, clock_, *remote_, admission_}, std::move(*store),
                                     Images::Options{.kernel_release = system.release,
                                                     .retention = {.keep = keep, .limit = settings.store_limit},
                                                     .refresh = settings.registry_refresh,
                                                     .keep = [this] { return images_in_use(); }});

  state_ = std::make_unique<StateDirectory>(
      loop_, state_dir(), [](const Error& error) { log::warning("not remembered: {}", error.describe()); });
  cpu_pressure_ = std::make_unique<LinuxCpuPressure>(loop_);

  auto types = sched_ext_value_types();
  if (!types) log::warning("attaching cannot be watched: {}", types.error().describe());
  auto kernel = LinuxKernel::create(loop_, {.value_types = types.value_or(std::vector<std::uint32_t>())});
  if (!kernel) return fail(std::move(kernel.error()));
  kernel_ = std::move(*kernel);
  for (const auto& what : kernel_->missing()) log::warning("{}", what);

  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  make_guard();
  auto runner = CrunRunner::create(
      loop_, clock_,
      {.run_dir = options_.run_dir,
       .runtime_path = settings.runtime_path,
       .cgroup_manager = settings.cgroup_manager,
       .is_sched_ext = sched_ext_map_of(types.value_or(std::vector<std::uint32_t>())),
       .on_line =
           [this](const std::string&, const RunRequest& request, const std::string& line) {
             log::info("[{}] {}", request.choice.name(), line);
             if (service_) service_->output(request.choice.name(), line);
           },
       .on_attach = [this] { guard_->announce(); },
       .listeners = {.keep = [](const std::string& run,
                                const UniqueFd& listener) { store_descriptor(listener_name(run), listener); },
                     .forget = [](const std::string& run) { remove_stored_descriptor(listener_name(run)); }},
       .kept_listeners = kept_listeners()});
  if (!runner) return fail(std::move(runner.error()));
  runner_ = std::move(*runner);

  auto processes = make_process_source(loop_, clock_);
  if (!processes) return fail(std::move(processes.error()));
  processes_ = std::move(*processes);
  return {};
}

std::string Daemon::state_dir() const {
  return options_.state_dir.empty() ? directories_->policy().settings.store_path : options_.state_dir;
}

void Daemon::feed_watchdog() {
  const auto period = watchdog_period();
  if (!period) return;
  notify_watchdog();
  watchdog_timer_->set(*period, [this] { feed_watchdog(); });
}

void Daemon::make_guard() {
  guard_ = std::make_unique<StallGuard>(
      loop_, StallGuardOptions{.program = options_.guard_program, .run_dir = options_.run_dir},
      [](const std::string& text, bool serious) { serious ? log::warning("{}", text) : log::info("{}", text); });
  configure_guard(directories_->policy().settings.guard);
}

void Daemon::configure_guard(const GuardSettings& settings) {
  if (kernel_->state().state != ExtState::unsupported) guard_->configure(settings);
}

// What runs, waits or was there before: none of it may be removed from the store.
Keep Daemon::images_in_use() const {
  Keep keep;
  if (!controller_) return keep;
  const Status status = controller_->status();
  for (const auto& run : {status.current, status.candidate}) {
    if (run) keep.digests.insert(run->digest);
  }
  for (const auto& standby : status.standbys) keep.digests.insert(standby.digest);
  return keep;
}

Result<void> Daemon::make_controller() {
  controller_ =
      std::make_unique<Controller>(Controller::Parts{.clock = clock_,
                                                     .kernel = *kernel_,
                                                     .runner = *runner_,
                                                     .images = *images_,
                                                     .processes = *processes_,
                                                     .triggers = {&cgroups_, &wall_clock_, &bus_, &pressure_},
                                                     .state = *state_,
                                                     .cpu_pressure = *cpu_pressure_,
                                                     .kernel_release = kernel_release_,
                                                     .cpus = std::max(1U, std::thread::hardware_concurrency()),
                                                     .override_path = options_.run_dir + "/override.json",
                                                     .lasting_override_path = state_dir() + "/override.json"},
                                   [this] { changed_ = true; });
  controller_->set_reader([this](std::function<void()> done) { reload(std::move(done)); });
  controller_->replace(directories_->policy());
  controller_->report(directories_->report());
  for (const auto& file : directories_->report().files) {
    for (const auto& error : file.errors) log::error("{}", error.describe());
    for (const auto& warning : file.warnings) log::warning("{}", warning.describe());
  }
  return {};
}

Result<void> Daemon::make_bus() {
  service_ = std::make_unique<ManagerService>(*controller_, clock_, images_.get());
  auto server = PrivateServer::create(loop_, options_.run_dir + "/schedkitd.sock", *service_);
  if (!server) return fail(std::move(server.error()));
  server_ = std::move(*server);
  auto readers =
      PrivateServer::create(loop_, bus::readers_socket_path(options_.run_dir), *service_, PrivateServer::For::readers);
  if (readers) {
    readers_server_ = std::move(*readers);
  } else {
    log::error("nobody but root can read the state: {}", readers.error().describe());
  }
  controller_->set_observer([this](const HistoryEntry& entry) { service_->happened(entry); });
  system_bus_ = std::make_unique<SystemBus>(loop_, *service_, *controller_, images_.get(),
                                            SystemBus::Options{.marker = options_.run_dir + "/scx-loader"});
  if (!options_.no_system_bus) system_bus_->open();
  return {};
}

// Runs before each wait of the loop; costs nothing when nothing changed.
void Daemon::after_change() {
  if (!std::exchange(changed_, false)) return;
  if (anew_ && controller_->status().state != SystemState::handing_over) run_anew();
  service_->changed();
  if (system_bus_) system_bus_->changed();
  if (const auto next = controller_->deadline()) {
    timer_->set_at(*next, [this] {
      changed_ = true;
      controller_->tick();
    });
  } else {
    timer_->cancel();
  }
}

void Daemon::reload(std::function<void()> done) {
  notify_reloading();
  if (system_bus_) system_bus_->refresh();
  directories_->reload([done = std::move(done)] {
    notify_ready();
    if (done) done();
  });
}

void Daemon::signalled(int number) {
  if (number == SIGHUP) return reload({});
  if (number == SIGUSR2) {
    anew_ = changed_ = true;
    return;
  }
  if (std::exchange(ending_, true)) return;
  log::info("ending on {}; the attached scheduler stays", ::sigabbrev_np(number));
  shut_down();
}

// As after a crash, but with the listeners in hand: what runs is adopted, what waits at its gate goes on waiting.
void Daemon::run_anew() {
  log::info("running {} anew", options_.program);
  std::vector<std::pair<std::string, int>> descriptors;
  for (const auto& [run, fd] : runner_->listeners()) descriptors.emplace_back(listener_name(run), fd);
  notify_reloading();
  hand_over(descriptors, options_.arguments);
  log::error("cannot run {} anew; ending", options_.program);
  ::_exit(1);
}

void Daemon::shut_down() {
  notify_stopping();
  controller_->shut_down(
      [this] {
        last_timer_->set(last_cleanup, [this] { loop_.stop(); });
        runner_->when_idle([this] { loop_.stop(); });
      },
      descriptors_are_kept());
  server_.reset();  // now: holds that end with their clients change nothing any more
  system_bus_.reset();
  changed_ = true;
}

}  // namespace schedkit
