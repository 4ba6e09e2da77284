// The brain: events → engine → decision → switcher, and the commands that come over the bus. Holds no timer and no
// loop: the owner calls tick() at deadline(), and reads both again after each `changed`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/bus/controls.h"
#include "core/control/safety_net.h"
#include "core/control/sources.h"
#include "core/policy/dwell.h"
#include "core/policy/engine.h"
#include "core/policy/hidden_environment.h"
#include "core/sched/switcher.h"

namespace schedkit {

class Controller final : public Controls {
 public:
  struct Parts {
    const Clock& clock;
    Kernel& kernel;
    Runner& runner;
    ImageProvider& images;
    TriggerSource& processes;
    std::vector<TriggerSource*> triggers;  // of everything else; each may fail to start
    StateStore& state;
    CpuPressure& cpu_pressure;
    std::string kernel_release;
    unsigned cpus;              // for default limits
    std::string override_path;  // where an override survives a restart of the daemon, but not of the machine
    std::string lasting_override_path = {};  // where it survives both; empty: nowhere
  };

  // The parts must outlive the controller. `changed`: something that status() shows or deadline() says is different; it
  // is called often and must be cheap and must not call back.
  Controller(Parts parts, std::function<void()> changed);

  // How reload() has the policy files read: what is found comes back through replace() and report(), then `done` is
  // called.
  using Reader = std::function<void(std::function<void()> done)>;
  void set_reader(Reader reader) { reader_ = std::move(reader); }

  // Told of every entry of the history, before `changed`; it must not call back either.
  void set_observer(std::function<void(const HistoryEntry&)> observer) { observer_ = std::move(observer); }

  // Takes a new set of policies. Images they name are made ready at once, so that a switch finds them.
  void replace(Policy policy);
  // Takes what is to be said about the policy files.
  void report(PolicyReport report);

  // Reads the state, adopts what an earlier daemon left, watches the triggers and acts from then on. replace() comes
  // first.
  Result<void> start();

  // See Switcher::shut_down. Nothing that happens from now on, as holds that end with their clients, has consequences.
  void shut_down(std::function<void()> done, bool leave_waiting) {
    acting_ = false;
    switcher_.shut_down(std::move(done), leave_waiting);
  }

  std::optional<Instant> deadline() const;
  void tick();

  // Controls
  const Policy& policy() const override { return engine_.policy(); }
  Status status() const override;
  Explanation explain() const override;
  std::vector<HistoryEntry> history(std::size_t count) const override { return safety_net_.history(count); }
  void run(RunCommand command, Done done) override;
  void stop(std::string by, Done done) override;
  void go_automatic(Done done) override;
  void hold(HoldCommand command, std::function<void(std::uint32_t id)> made, HoldDone done) override;
  void release_hold(std::uint32_t id) override;
  std::size_t clear_quarantine(const std::string& which) override;
  void reload(Done done) override;
  void set_watcher(Watcher* watcher) override;
  SimulatedSnapshot snapshot() const override;

 private:
  void apply(const Event& event);
  void reconsider(bool retry = false);
  void follow(const Decision& decision);
  void want(const Decision& decision, bool commanded, bool retry, Done done);
  void tell(SimulatedAction action);
  static SimulatedRun as_run(const Override& override, Instant now);
  void override_with(Override choice, Done done);
  Done limited(std::optional<Duration> within, std::function<void()> undo, Done done);
  void end_limits();
  bool end_hold(std::uint32_t id);
  void revert();
  void keep_override(const RunCommand& command, const std::optional<Instant>& until);
  void forget_override();
  Result<Choice> resolve(const RunCommand& command) const;
  void restore_override();
  void fetch_images();
  std::vector<Choice> standbys() const;
  void happened(HistoryEntry entry);
  void take_image(const std::string& reference, const Result<RunnableImage>& image);
  void narrate();

  Parts parts_;
  std::function<void()> changed_;
  Reader reader_;
  std::function<void(const HistoryEntry&)> observer_;
  Sources sources_;
  Engine engine_;
  SafetyNet safety_net_;
  Switcher switcher_;
  PolicyReport report_;
  std::map<std::string, Error> image_problems_;  // by reference
  std::optional<Decision> decision_;             // the one the switcher follows
  Dwell dwell_;
  Watcher* watcher_ = nullptr;
  EnvironmentGlobs environment_globs_;   // while somebody watches
  std::optional<SimulatedReload> told_;  // by the sources about a new policy, for the watcher
  // The override to go back to when tick() comes, because a command failed; its own value may be "none".
  std::optional<std::optional<Override>> revert_;
  // Commands that may take only so long, by number.
  struct Limit {
    Instant by;
    std::function<void()> undo;
    Done done;
  };
  std::map<std::uint64_t, Limit> limits_;
  std::uint64_t last_limit_ = 0;
  std::vector<std::uint32_t> failed_holds_;  // to be taken back when tick() comes
  bool acting_ = false;                      // since start(), but not while the sources tell what is

  Status narrated_;                   // what narrate() told last
  std::vector<HistoryEntry> untold_;  // what it has to tell

  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace schedkit
