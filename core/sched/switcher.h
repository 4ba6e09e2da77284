// The switcher: walks the machine from the scheduler it has to the one that is wanted, one step at a time, and never
// gives up a working scheduler before the next one waits at the gate.
//
//   phase       what is under way                                    ends with
//   settled     nothing                                              a wish that is not met; the loss of the present one
//   preparing   the candidate's image is unpacked, its container     candidate at the gate → detaching (or attaching, when
//               started, its BPF programs are verified; the present  nothing is attached); failure or another wish →
//               scheduler still runs                                 settled, the present one untouched
//   detaching   the present scheduler is let go: link detach, and    kernel says disabled → attaching, or settled when the
//               if that does not help within stop-timeout each its   kernel's own is wanted; never → settled, with the
//               StopSignal, SIGKILL, SysRq-S                         failure told
//   attaching   the candidate's attach call is let through           kernel says enabled and the link is the candidate's →
//                                                                    settled; refused, exit or attach-timeout → settled
//   lost        the present one is detached without our doing while  attached again (restart after CPU hotplug) → settled;
//               its process lives: it may attach again by itself     exit or time → settled, with the failure told
//
// Whenever it is settled it looks again: the wish, if that did not fail; else, but only if nothing is attached, the
// scheduler that ran before, then the fallback; else the kernel's own stays. A failed choice is not tried again until
// the wish changes or a command repeats it. Wishes may change in any phase; the newest wins.
//
// All of it runs on the loop thread. Time comes from the clock: the owner calls tick() at deadline(). `changed` is
// called after everything that alters what describe() shows; it must not call back into the switcher.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/image.h"
#include "core/policy/status.h"
#include "core/sched/kernel.h"
#include "core/sched/run.h"

namespace schedkit {

// What should run.
struct Wish {
  Choice choice = {};
  Choice fallback = {};    // what runs instead when it fails and nothing ran before
  std::string cause = {};  // for log and status
  bool commanded = false;  // by a person: foreign schedulers are replaced, earlier failures forgotten
  bool retry = false;      // earlier failures are forgotten
  // Called once: the kernel confirmed it, or why not. Errc::cancelled when a newer wish came first.
  std::function<void(Result<void>)> done = {};
};

class Switcher {
 public:
  struct Options {
    Duration load_timeout = std::chrono::seconds(60);
    Duration attach_timeout = std::chrono::seconds(5);
    Duration stop_timeout = std::chrono::seconds(5);
    bool replace_foreign = false;
  };

  // All must outlive the switcher. Registers itself with `kernel`.
  Switcher(const Clock& clock, Kernel& kernel, Runner& runner, ImageProvider& images, std::function<void()> changed);
  ~Switcher();

  void configure(Options options) { options_ = options; }

  // Takes over what an earlier daemon left: the run whose scheduler is attached becomes the present one, others are
  // ended. Once, before the first want().
  void adopt();

  void want(Wish wish);

  // Completes or undoes what is under way, ends candidates, leaves the attached scheduler running, then calls `done`.
  // Takes at most about stop-timeout beyond the phase's own limits. No want() afterwards.
  void shut_down(std::function<void()> done);

  std::optional<Instant> deadline() const;
  void tick();

  bool settled() const { return phase_ == Phase::settled; }

  // Fills in everything but what belongs to engine, files and sources.
  void describe(Status& status) const;

 private:
  enum class Phase { settled, preparing, detaching, attaching, lost };
  enum class Rung { link, stop_signal, kill, eject };  // of the ladder by which a scheduler is made to let go

  struct Held {
    std::uint64_t tag = 0;  // names the run in its observer
    std::unique_ptr<Run> run;
    std::optional<std::uint32_t> link;  // set while its scheduler is attached through one
  };
  struct Candidate {
    Choice choice;
    Held held;  // without a run while the image is prepared
    std::optional<RunnableImage> image;
    std::uint64_t hotplug_seq = 0;
    Instant begun{};
    Instant at_gate{};
  };

  RunObserver observer(std::uint64_t tag);
  void on_kernel(const std::optional<std::string>& message);
  void on_image(std::uint64_t tag, Result<RunnableImage> image);
  void on_gate(std::uint64_t tag);
  void on_run_failed(std::uint64_t tag, Error error);
  void on_exit(std::uint64_t tag, const RunExit& exit);

  void reconcile();
  std::optional<Choice> next_goal() const;
  bool satisfied(const Choice& choice) const;
  bool blocked_by_foreign() const;
  bool has_failed(const Choice& choice) const;
  Result<void> outcome() const;
  void conclude();

  void prepare(const Choice& choice);
  void start_candidate();
  void candidate_ready();
  void check_early_attach();
  void drop_candidate(Error why);

  void detach();
  void climb(Rung rung);
  void detached();
  void detach_gave_up();

  void open_gate();
  void check_attached();
  void attached(std::optional<std::uint32_t> link);
  void attach_failed(const std::string& why);

  void check_present();
  void present_lost(const std::string& why);
  void check_lost();

  void record_failure(const Choice& choice, Error error, std::vector<std::string> output);
  void retire(Held held);
  std::optional<std::uint32_t> link_of(const Run& run) const;
  void look_for_foreign();
  std::string kernel_reason() const;
  RunStatus describe_run(const Run& run, std::string phase) const;

  const Clock& clock_;
  Kernel& kernel_;
  Runner& runner_;
  ImageProvider& images_;
  std::function<void()> changed_;
  Options options_;

  Phase phase_ = Phase::settled;
  Wish wish_;
  std::optional<Held> present_;  // ours that is attached, or was and is not given up yet
  std::optional<Candidate> candidate_;
  std::vector<Held> retiring_;         // asked to end
  std::optional<Choice> before_;       // what ran before the present one
  std::vector<Choice> failed_;         // since the wish changed
  std::vector<std::string> messages_;  // what the kernel logged since the last hand-over began
  std::optional<SwitchRecord> last_switch_;
  std::optional<FailureRecord> last_failure_;

  bool mismatch_ = false;      // another one is attached while the present one's process lives
  std::string foreign_owner_;  // who attached what is not ours; empty when nobody did

  Rung rung_ = Rung::link;
  std::optional<Instant> deadline_;  // of the phase
  std::string from_;                 // name of the one being let go
  Instant detach_begun_{};
  Instant gate_opened_{};
  Instant lost_since_{};
  Duration detach_took_{};
  bool seen_enabling_ = false;
  std::optional<Instant> refused_at_;  // when the state went back to disabled while attaching
  int hotplug_retries_ = 0;
  int restarts_ = 0;  // of the present one after CPU hotplug, by us

  std::function<void()> shut_down_done_;
  Instant shut_down_by_{};
  std::uint64_t last_tag_ = 0;
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // callbacks that outlive us find it expired
};

}  // namespace schedkit
