// A kernel, a runner and an image store that do only what a test tells them, in one picture: schedulers attach and
// detach here as they do in Linux (one at a time, EBUSY for a second one).
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/sched/kernel.h"
#include "core/sched/run.h"
#include "tests/fakes/fake_clock.h"

namespace schedkit::fakes {

class FakeMachine;

class FakeRun final : public Run {
 public:
  FakeRun(FakeMachine& machine, std::string id, RunRequest request, RunObserver observer, std::int32_t pid);
  ~FakeRun() override;

  const std::string& id() const override { return id_; }
  const RunRequest& request() const override { return request_; }
  std::int32_t pid() const override { return pid_; }
  Instant started() const override { return {}; }
  bool waits_at_gate() const override { return parked_; }
  Result<void> open_gate() override;
  void keep_gate_open(bool open) override { gate_open_ = open; }
  void stop(Duration) override { stopped = true; }
  void kill() override { killed = true; }
  bool owns(std::int32_t pid) const override { return pid == pid_; }
  std::vector<std::string> output() const override { return output_; }
  void abandon() override;

  // What the scheduler's program does.
  void reach_gate();
  void exit(int status);
  void fail_to_start(Error error);

  void print(const std::string& line) { output_.push_back(line); }

  bool stopped = false;
  bool killed = false;
  bool abandoned = false;

 private:
  friend class FakeMachine;
  FakeMachine& machine_;
  std::string id_;
  RunRequest request_;
  RunObserver observer_;
  std::int32_t pid_;
  bool parked_ = false;
  bool gate_open_ = false;
  std::vector<std::string> output_{"its last line"};
};

class FakeMachine final : public Kernel, public Runner, public ImageProvider {
 public:
  // Kernel
  void on_change(Changed changed) override { changed_ = std::move(changed); }
  KernelState state() const override { return state_; }
  Result<std::vector<SchedulerLink>> links() const override {
    auto all = stale_links;
    if (state_.state != ExtState::enabled || link_ == 0 || !link_is_listed) return all;
    if (reads_before_listed > 0) {
      --reads_before_listed;
      return all;
    }
    std::vector<std::int32_t> owners;
    if (owner_ != 0) owners.push_back(owner_);
    all.push_back({link_, owners});
    return all;
  }
  std::string describe_holder(const SchedulerLink& link) const override {
    if (link.owners.empty()) return "nobody, pinned at /sys/fs/bpf/theirs";
    return "theirs (pid " + std::to_string(link.owners.front()) + ", theirs.service)";
  }
  void detach(std::uint32_t link, DetachDone done) override {
    detach_calls.push_back(link);
    detach_done_ = std::move(done);
    if (!detach_hangs) finish_detach();
  }
  Result<void> eject() override {
    ++ejects;
    if (!eject_hangs) set_disabled();
    return {};
  }

  // Runner
  std::unique_ptr<Run> start(RunRequest request, RunObserver observer) override {
    const auto number = ++last_run_;
    auto run = std::make_unique<FakeRun>(*this, "run-" + std::to_string(number), std::move(request),
                                         std::move(observer), 100 + number);
    runs.push_back(run.get());
    return run;
  }
  std::vector<std::unique_ptr<Run>> adopt(std::function<RunObserver(const std::string& id)> observe) override {
    std::vector<std::unique_ptr<Run>> adopted;
    for (auto& [request, pid] : left_over) {
      const std::string id = "old-" + std::to_string(pid);
      auto run = std::make_unique<FakeRun>(*this, id, request, observe(id), pid);
      run->parked_ = left_at_gate.contains(pid);
      runs.push_back(run.get());
      adopted.push_back(std::move(run));
    }
    return adopted;
  }

  // ImageProvider
  void prepare(const std::string& reference, Done done) override {
    image_requests.emplace_back(reference, std::move(done));
  }
  void image_ready() {
    auto [reference, done] = take_image_request();
    done(RunnableImage{
        .reference = reference, .digest = "sha256:" + reference, .rootfs = "/rootfs", .entrypoint = {"/s"}});
  }
  void image_fails(Error error) { take_image_request().second(fail(std::move(error))); }

  // What the kernel does by itself.
  void set_enabled(std::int32_t owner, const std::string& ops, bool with_link = true) {
    state_.state = ExtState::enabled;
    state_.ops = ops;
    ++state_.enable_seq;
    owner_ = owner;
    link_ = with_link ? ++last_link_ : 0;
  }
  void set_disabled() {
    state_.state = ExtState::disabled;
    state_.ops.clear();
    owner_ = 0;
  }
  void tell(const std::optional<std::string>& message = {}) {
    if (changed_) changed_(message);
  }
  void finish_detach() {
    if (state_.state == ExtState::enabled) set_disabled();
    if (auto done = std::exchange(detach_done_, nullptr)) done({});
  }

  // A detach call under way returns; nothing happens without one.
  void finish_detach_call() {
    if (detach_done_) finish_detach();
  }
  std::int32_t owner() const { return state_.state == ExtState::enabled ? owner_ : 0; }

  FakeRun& run() { return *runs.back(); }
  // The n-th run that was ever started, from 0.
  bool alive(std::size_t n) const { return runs.at(n) != nullptr; }

  KernelState state_{.state = ExtState::disabled, .ops = {}, .switch_all = true};
  std::vector<FakeRun*> runs;  // nullptr once destroyed
  std::vector<std::pair<RunRequest, std::int32_t>> left_over;
  std::set<std::int32_t> left_at_gate;  // pids of those that wait there
  std::vector<std::pair<std::string, Done>> image_requests;
  std::vector<std::uint32_t> detach_calls;
  bool detach_hangs = false;
  bool eject_hangs = false;
  bool init_fails = false;                 // an attach succeeds as a call and is undone at once
  bool auto_gate = true;                   // for fixtures: runs reach the gate by themselves
  std::vector<SchedulerLink> stale_links;  // of schedulers that the kernel has ended, whose processes live
  bool link_is_listed = true;              // the attach call has returned
  mutable int reads_before_listed = 0;     // the attach call returns after so many more looks
  bool keeps_link_after_exit = false;      // a child of the run holds it
  int busy_attaches = 0;                   // runs that were let through while another was attached
  int ejects = 0;
  int abandoned = 0;  // runs

 private:
  friend class FakeRun;
  std::pair<std::string, Done> take_image_request() {
    auto request = std::move(image_requests.front());
    image_requests.erase(image_requests.begin());
    return request;
  }

  Changed changed_;
  DetachDone detach_done_;
  std::int32_t owner_ = 0;
  std::uint32_t link_ = 0;
  std::uint32_t last_link_ = 0;
  int last_run_ = 0;
};

inline FakeRun::FakeRun(FakeMachine& machine, std::string id, RunRequest request, RunObserver observer,
                        std::int32_t pid)
    : machine_(machine), id_(std::move(id)), request_(std::move(request)), observer_(std::move(observer)), pid_(pid) {}

inline FakeRun::~FakeRun() { std::ranges::replace(machine_.runs, this, static_cast<FakeRun*>(nullptr)); }

inline Result<void> FakeRun::open_gate() {
  parked_ = false;
  if (machine_.state_.state != ExtState::disabled) ++machine_.busy_attaches;
  if (machine_.state_.state != ExtState::disabled) return fail(Errc::busy, "EBUSY: the old one is still attached");
  if (machine_.init_fails) return {};
  machine_.set_enabled(pid_, request_.choice.name());
  return {};
}

inline void FakeRun::abandon() {
  abandoned = true;
  ++machine_.abandoned;
}

inline void FakeRun::reach_gate() {
  parked_ = true;
  const auto observer = observer_;
  observer.at_gate();
}

inline void FakeRun::exit(int status) {
  if (machine_.owner_ == pid_ && !machine_.keeps_link_after_exit) machine_.set_disabled();
  const auto observer = observer_;
  observer.exited({.status = status, .signal = 0, .last_output = {}});
}

inline void FakeRun::fail_to_start(Error error) {
  const auto observer = observer_;
  observer.failed(std::move(error));
}

}  // namespace schedkit::fakes
