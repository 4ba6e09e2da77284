#include "core/sched/crun_runner.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/sched/running_record.h"

namespace schedkit {

namespace {

constexpr std::size_t longest_name = 24;

bool is_id(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* opened = ::opendir(directory.c_str());
  if (opened == nullptr) return names;
  while (const dirent* entry = ::readdir(opened)) {
    if (is_id(entry->d_name)) names.emplace_back(entry->d_name);
  }
  ::closedir(opened);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

// What the owner of a run holds; the container may outlive it by its cleaning up.
class CrunRunner::Handle final : public Run {
 public:
  Handle(CrunRunner& runner, Entry& entry) : runner_(runner), entry_(entry), id_(entry.container->record().id) {}
  ~Handle() override { runner_.release(id_); }

  const std::string& id() const override { return id_; }
  const RunRequest& request() const override { return entry_.container->record().request; }
  std::int32_t pid() const override { return entry_.container->record().pid; }
  Instant started() const override { return entry_.container->record().started; }
  bool waits_at_gate() const override { return entry_.container->waits_at_gate(); }
  Result<void> open_gate() override { return entry_.container->open_gate(); }
  void keep_gate_open(bool open) override { entry_.container->keep_gate_open(open); }
  void stop(Duration grace) override { entry_.container->stop(grace); }
  void kill() override { entry_.container->kill(); }
  bool owns(std::int32_t pid) const override { return entry_.container->owns(pid); }
  std::vector<std::string> output() const override { return entry_.container->output(); }
  void abandon() override { entry_.abandoned = true; }

 private:
  CrunRunner& runner_;
  Entry& entry_;  // stays while held; std::map keeps addresses
  const std::string id_;
};

CrunRunner::CrunRunner(Loop& loop, const Clock& clock, CrunRunnerOptions options)
    : options_(std::move(options)), host_(loop, clock), sweeping_(loop) {
  host_.run_dir = options_.run_dir;
  host_.gate_socket = options_.run_dir + "/gate.sock";
  host_.runtime = options_.runtime_path;
  host_.cpus = std::max(1U, std::thread::hardware_concurrency());
  host_.is_sched_ext = options_.is_sched_ext;
  host_.on_line = options_.on_line;
  host_.on_attach = options_.on_attach;
  host_.listeners = options_.listeners;
  host_.on_gone = [this](const std::string&, const std::vector<std::int32_t>& zombies) { gone(zombies); };
}

Result<std::unique_ptr<CrunRunner>> CrunRunner::create(Loop& loop, const Clock& clock, CrunRunnerOptions options) {
  std::unique_ptr<CrunRunner> runner(new CrunRunner(loop, clock, std::move(options)));
  if (auto opened = runner->open(); !opened) return fail(std::move(opened.error()));
  return runner;
}

Result<void> CrunRunner::open() {
  const auto plan = plan_cgroups(options_.cgroup_manager, read_cgroup_facts());
  if (!plan) return fail(plan.error());
  host_.cgroups = *plan;
  const auto permissions = read_permissions();
  if (!permissions) return fail(permissions.error());
  host_.permissions = *permissions;
  for (const char* part : {"/run", "/scx", "/crun"}) {
    if (auto made = make_directories(options_.run_dir + part, 0711); !made) return made;
  }
  auto gates = GateServer::create(host_.loop, host_.gate_socket,
                                  [this](const std::string& id, std::int32_t, UniqueFd& listener) {
                                    const auto found = entries_.find(id);
                                    if (found != entries_.end())
                                      found->second.container->take_listener(std::move(listener));
                                  });
  if (!gates) return fail(std::move(gates.error()));
  gates_ = std::move(*gates);
  return {};
}

CrunRunner::~CrunRunner() {
  for (auto& [id, entry] : entries_) {
    if (!entry.abandoned) entry.container->kill_now();
  }
}

std::string CrunRunner::new_id(const RunRequest& request) {
  std::string name;
  for (const char c : request.choice.name()) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (name.size() < longest_name) name += is_id({&lower, 1}) ? lower : '-';
  }
  const auto wall = host_.clock.wall_now().time_since_epoch();
  const auto number = std::chrono::duration_cast<std::chrono::microseconds>(wall).count();
  last_number_ = std::max(last_number_ + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0)));
  return fmt::format("{}-{:x}", name, last_number_);
}

std::unique_ptr<Run> CrunRunner::start(RunRequest request, RunObserver observer) {
  const std::string id = new_id(request);
  Entry& entry = entries_[id];
  entry.container = std::make_unique<Container>(host_, id, std::move(request), std::move(observer));
  entry.container->start();
  return std::make_unique<Handle>(*this, entry);
}

std::vector<std::unique_ptr<Run>> CrunRunner::adopt(std::function<RunObserver(const std::string& id)> observe) {
  std::vector<std::unique_ptr<Run>> runs;
  for (const auto& id : names_in(options_.run_dir + "/run")) {
    if (entries_.contains(id)) continue;
    if (auto run = adopt_one(id, observe)) runs.push_back(std::move(run));
  }
  for (const auto& [id, listener] : std::exchange(options_.kept_listeners, {})) {
    if (options_.listeners.forget) options_.listeners.forget(id);  // its run has ended meanwhile
  }
  return runs;
}

std::unique_ptr<Run> CrunRunner::adopt_one(const std::string& id,
                                           const std::function<RunObserver(const std::string& id)>& observe) {
  auto record = read_record(options_.run_dir + "/run/" + id);
  const bool known = record && record->id == id;
  const bool begun = ::access((options_.run_dir + "/crun/" + id + "/exec.fifo").c_str(), F_OK) != 0;
  if (!known) {
    record = RunningRecord{};
    record->id = id;
  }
  Entry& entry = entries_[id];
  entry.container = std::make_unique<Container>(host_, std::move(*record));
  // One that never got as far as to run its program waits for a `crun start` that nobody will give.
  if (known && begun && is_alive(entry.container->record()) && entry.container->adopt(observe(id))) {
    if (auto kept = options_.kept_listeners.extract(id)) entry.container->take_over_listener(std::move(kept.mapped()));
    return std::make_unique<Handle>(*this, entry);
  }
  entry.held = false;
  entry.container->silence();
  entry.container->clean_up();
  return nullptr;
}

void CrunRunner::release(const std::string& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  found->second.held = false;
  found->second.container->silence();
  if (!found->second.abandoned) found->second.container->kill();
  sweeping_.set(Duration::zero(), [this] { sweep(); });
}

void CrunRunner::gone(const std::vector<std::int32_t>& zombies) {
  for (const auto pid : zombies) {
    const bool ours = std::any_of(entries_.begin(), entries_.end(), [pid](const auto& entry) {
      const auto& container = *entry.second.container;
      return container.runtime_pid() == pid || (container.record().pid == pid && container.is_live());
    });
    if (!ours) ::waitpid(pid, nullptr, WNOHANG);
  }
  sweeping_.set(Duration::zero(), [this] { sweep(); });
}

std::vector<std::pair<std::string, int>> CrunRunner::listeners() const {
  std::vector<std::pair<std::string, int>> found;
  for (const auto& [id, entry] : entries_) {
    if (const auto* listener = entry.container->listener()) found.emplace_back(id, listener->get());
  }
  return found;
}

bool CrunRunner::idle() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry.second.container->is_gone() || (entry.second.abandoned && entry.second.container->is_live());
  });
}

void CrunRunner::when_idle(std::function<void()> call) {
  when_idle_ = std::move(call);
  sweeping_.set(Duration::zero(), [this] { sweep(); });
}

void CrunRunner::sweep() {
  std::erase_if(entries_, [](const auto& entry) { return !entry.second.held && entry.second.container->is_gone(); });
  if (when_idle_ && idle()) std::exchange(when_idle_, nullptr)();
}

}  // namespace schedkit
