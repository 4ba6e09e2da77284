// The switcher: walks the machine from the scheduler it has to the one that is wanted, one step at a time, and never
// gives up a working scheduler before the next one waits at the gate.
//
//   phase       what is under way                              ends with
//   settled     nothing; the present one may be on probation   a wish that is not met; the loss of the present one;
//                                                              its probation failed
//   preparing   the goal is brought to the gate (lineup.h),    at the gate → detaching, or attaching when nothing is
//               while the present scheduler runs               attached; failure or another wish → settled
//   detaching   what is attached is let go (stop_ladder.h)     disabled → attaching, or settled when the kernel's own is
//                                                              the goal; never → settled, and told
//   attaching   the goal's attach call is let through          enabled through its link → settled, on probation;
//                                                              refused, exit or attach-timeout → settled
//   lost        the present one is detached without our        attached again (restart after CPU hotplug) or another
//               doing while its process lives                  one is → settled; exit, the kernel's reason or time →
//                                                              settled, and told
//
// Whenever it is settled it looks again for a goal:
//
//   the wish can be had                     the wish
//   it failed; the present one is attached  none: what works stays
//   the same, but it failed its probation   the way back, else the kernel's own
//   it failed; nothing is attached          the way back, else none: the kernel's own stays
//
// The way back is the first that has not failed itself of: what ran before, the last one that passed its probation,
// the default. What ran before may be the kernel's own; it ends the search unless the wish is quarantined. During a
// probation the way back stands at the gate, so that going it is a hand-over.
//
// Every failure of a scheduler is a strike (strikes.h). It is tried again when its back-off is over, or at once when a
// command asks; in quarantine it is not. A scheduler ended by the kernel for CPU hotplug is restarted, without a
// strike. Wishes may change in any phase; the newest wins.
//
// All of it runs on the loop thread. Time comes from the clock: the owner calls tick() at deadline(). Events must not
// call back into the switcher.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/policy/history.h"
#include "core/policy/status.h"
#include "core/sched/failures.h"
#include "core/sched/kernel_words.h"
#include "core/sched/lineup.h"
#include "core/sched/probation.h"
#include "core/sched/stop_first.h"
#include "core/sched/stop_ladder.h"
#include "core/sched/stranger.h"
#include "core/sched/strikes.h"
#include "core/sched/tenure.h"

namespace schedkit {

// What should run.
struct Wish {
  Choice choice = {};
  Choice fallback = {};    // the default: what runs instead when it fails and nothing better is known
  std::string cause = {};  // for log and status
  bool commanded = false;  // by a person: foreign schedulers are replaced, earlier failures forgotten
  bool retry = false;      // earlier failures are forgotten
  // Called once: the kernel confirmed it, or why not. Errc::cancelled when a newer wish came first.
  std::function<void(Result<void>)> done = {};
};

class Switcher {
 public:
  struct Options {
    Duration attach_timeout = std::chrono::seconds(5);
    Duration stop_timeout = std::chrono::seconds(5);
    Duration probation = std::chrono::seconds(30);
    double cpu_pressure = 0;  // of a probation; 0: no limit
    bool replace_foreign = false;
    Lineup::Limits lineup = {};
  };
  // All must outlive the switcher, which registers itself with `kernel`.
  struct Parts {
    const Clock& clock;
    Kernel& kernel;
    Runner& runner;
    ImageProvider& images;
    Strikes& strikes;
    StopFirst& stop_first;
    CpuPressure& pressure;
  };
  struct Events {
    std::function<void()> changed;                     // something that describe() shows
    std::function<void(HistoryEntry entry)> happened;  // before `changed`
    std::function<void(const Choice& choice)> proved;  // it passed its probation: the last known good one
    std::function<void(const Tenure& tenure)> held;    // what adopt() of the next daemon wants to know has changed
  };

  Switcher(Parts parts, Events events);
  ~Switcher();

  void configure(Options options);
  // Schedulers to keep at the gate.
  void keep_ready(std::vector<Choice> standbys);
  // The last one that passed a probation, as `proved` told it earlier.
  void trust(std::optional<Choice> last_good) { last_good_ = std::move(last_good); }

  // Takes over what an earlier daemon left: the run whose scheduler is attached becomes the present one and its
  // probation goes on; what waits at the gate keeps its place until the first want(), or `standbys`, says otherwise;
  // others are ended. `tenure` is the last that the earlier daemon told of. Once, before the first want().
  void adopt(const std::optional<Tenure>& tenure, std::vector<Choice> standbys);

  void want(Wish wish);

  // Completes or undoes what is under way, ends candidates, leaves the attached scheduler running, then calls `done`.
  // With `leave_waiting`, what waits at the gate is left, too: somebody keeps its listener for the next daemon. Takes
  // at most about stop-timeout beyond the phase's own limits. No want() afterwards.
  void shut_down(std::function<void()> done, bool leave_waiting = false);

  std::optional<Instant> deadline() const;
  void tick();

  bool settled() const { return phase_ == Phase::settled; }

  // Fills in everything but what belongs to engine, files and sources.
  void describe(Status& status) const;

 private:
  enum class Phase { settled, preparing, detaching, attaching, lost };
  static constexpr int most_restarts = 5;  // in a row, after CPU hotplug
  using SchedulerLinks = Result<std::vector<SchedulerLink>>;

  struct Present {  // ours that is attached, or was and is not given up yet
    TaggedRun held;
    std::optional<std::uint32_t> link;  // none: it attached without one
    Instant attached_at{};
    std::string ops = {};    // as the kernel names it
    bool condemned = false;  // it failed its probation and must go
    const RunRequest& request() const { return held.run->request(); }
    const Choice& choice() const { return request().choice; }
  };

  // switcher.cc: what is wanted
  void reconcile();
  std::optional<Choice> next_goal() const;
  std::optional<Choice> way_back() const;
  bool usable(const Choice& choice) const;
  bool satisfied(const Choice& choice) const;
  Duration probation_length(const Choice& choice) const;
  void resume(TaggedRun held, std::optional<std::uint32_t> link, const std::optional<Tenure>& tenure);
  bool blocked_by_foreign() const;
  Result<void> outcome() const;
  void settle();
  void line_up();
  void abandon_goal();
  void conclude();

  // switcher_steps.cc: the way there
  void prepare();
  void advance();
  void detach();
  void look_detached();
  void detached();
  void detach_gave_up();
  void open_gate();
  void check_attached();
  void attached(Lineup::Place place, std::optional<std::uint32_t> link);
  void attach_failed(const std::string& why, bool its_fault = true);
  void expel(const Lineup::Place& culprit, std::optional<std::uint32_t> link);

  // switcher_events.cc: what comes from outside
  RunObserver observer(std::uint64_t tag);
  Result<void> admit(const Choice& choice, Lineup::Role role, const RunnableImage& image) const;
  void on_lineup_failure(Lineup::Failure failure);
  void on_kernel(const std::optional<std::string>& message);
  void on_kernel_settled();
  void check_present(bool was_lost = false);
  bool look_who_attached();
  bool check_early_attach(const SchedulerLinks& links);
  void check_lost();
  void present_lost(const std::string& why);
  void probation_failed(const std::string& why);
  void on_exit(std::uint64_t tag, const RunExit& exit);
  void look_for_strangers(const SchedulerLinks& links);
  void look_again();

  // switcher_record.cc: what is told
  void strike(const Choice& choice, const RunnableImage& image, Error error, std::vector<std::string> output,
              HistoryEntry entry);
  void fail_goal(const Choice& choice, Error error, std::vector<std::string> output, std::optional<Instant> retry,
                 bool quarantined);
  void record(HistoryEntry entry);
  void tell_tenure() const;
  static std::optional<std::uint32_t> link_of(const Run& run, const SchedulerLinks& links);
  SchedulerLinks without_ours(SchedulerLinks links) const;
  RunStatus describe_run(const Run& run, std::string phase) const;
  RunStatus describe_candidate() const;
  SystemState state_word(const KernelState& kernel) const;

  const Parts parts_;
  const Events events_;
  Options options_;

  Phase phase_ = Phase::settled;
  Wish wish_;
  std::optional<Choice> goal_;  // what is being switched to
  bool goal_instead_ = false;   // the wished one had failed
  std::string goal_cause_;
  Instant goal_since_{};
  std::string from_;  // name of what was attached then
  std::optional<Present> present_;
  std::optional<Lineup::Place> attaching_;
  std::optional<TaggedRun> culprit_;  // attached though it must not be; being let go
  std::optional<Choice> before_;      // what ran before the present one
  std::optional<Choice> ran_;         // the last that was reached
  std::optional<Choice> last_good_;
  std::vector<Choice> standbys_;

  Retired retired_;
  Lineup lineup_;
  StopLadder ladder_;
  Probation probation_;
  KernelWords words_;
  Failures failures_;

  bool replaces_unproved_ = false;  // what ran last had not passed its probation
  bool mismatch_ = false;           // another one is attached while the present one's process lives
  bool stuck_ = false;              // the kernel did not let go
  Stranger stranger_;               // who attached what is not ours
  bool leaving_ = false;            // what is attached belongs to a run of ours that is being ended

  std::optional<Instant> deadline_;  // of attaching, of lost, and of the shutdown
  Instant gate_opened_{};
  Instant lost_since_{};
  Duration detach_took_{};
  bool seen_enabling_ = false;
  std::optional<Instant> refused_at_;  // when the state went back to disabled while attaching
  int restarts_ = 0;                   // of the present one after CPU hotplug, by us

  std::optional<SwitchRecord> last_switch_;
  std::optional<FailureRecord> last_failure_;
  std::function<void()> shut_down_done_;
  bool leave_waiting_ = false;
  Instant shut_down_by_{};
};

}  // namespace schedkit
