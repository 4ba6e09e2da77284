// The schedulers behind the attach gate: on their way to it, or waiting there to be let through. Each has one place:
//
//   image ──► loading ──► at the gate ──► taken, to be attached
//     │          └──────────┴── CPUs went on- or offline: loaded anew, since the kernel would refuse it
//     └──► unpacked, if it takes over by stop-first: started once nothing is attached, with its gate open
//
// The candidate is what is being switched to and is prepared before anything else. `previous` is what a rollback would
// bring back and is prepared next, `standby` what a policy wants to have ready, which comes last: who waits for his turn
// gets it in a later want(). Both are kept within the limits, the more important first, and are given up with a word to
// status when they fail, until forgive().
//
// All calls and events are on the loop thread. Events may call back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/image.h"
#include "core/policy/status.h"
#include "core/sched/kernel.h"
#include "core/sched/retired.h"
#include "core/sched/run.h"

namespace schedkit {

class Lineup {
 public:
  enum class Role { candidate, previous, standby };  // the more important first
  enum class Stage { image, unpacked, loading, at_gate };

  struct Wanted {
    Choice choice;
    Role role = Role::standby;
    std::string held_back = {};  // why it gets no place now
  };
  struct Place {
    Choice choice;
    Role role = Role::standby;
    Stage stage = Stage::image;
    TaggedRun held = {};  // without a run before `loading`
    std::optional<RunnableImage> image = {};
    int reloads = 0;  // in a row
    Instant begun{};
    Instant at_gate{};
    std::optional<Instant> load_by = {};
  };
  struct Failure {
    Choice choice;
    Role role = Role::standby;
    std::optional<RunnableImage> image;  // known, if it failed by itself
    bool refused = false;                // by Events::admit
    Error error;
    std::vector<std::string> output;
  };
  struct Limits {
    Duration load_timeout = std::chrono::seconds(60);
    std::size_t max = 2;                // of those that are no candidate
    std::uint64_t memory = 1ULL << 30;  // sum of their limits
    unsigned cpus = 1;                  // for the default memory limit
  };
  struct Events {
    std::function<RunObserver(std::uint64_t tag)> observe;
    // Whether this image may run at all.
    std::function<Result<void>(const Choice& choice, Role role, const RunnableImage& image)> admit;
    // Whether it takes over by stop-first, though its policy says gate.
    std::function<bool(const RunnableImage& image)> stop_first;
    std::function<void(const Choice& choice)> ready;  // at the gate, or unpacked
    std::function<void(Failure failure)> failed;      // and has no place any more
  };
  struct Parts {
    const Clock& clock;
    Kernel& kernel;
    Runner& runner;
    ImageProvider& images;
    Retired& retired;  // where runs without a place end
  };

  Lineup(Parts parts, Events events) : parts_(parts), events_(std::move(events)) {}

  void configure(Limits limits) { limits_ = limits; }

  // Who should have a place, the most important first. Others lose theirs.
  void want(const std::vector<Wanted>& wanted);
  // Somebody is to be loaded when those before have been.
  bool queued() const { return !queued_.empty(); }
  // Those that were given up, or that one, get another chance at the next want().
  void forgive() { given_up_.clear(); }
  void forgive(const Choice& choice);
  // Gives a place to a run that an earlier daemon left waiting at the gate, until the next want().
  void adopt(TaggedRun held);
  // Everybody loses their place.
  void clear();
  // The same, but those that wait at the gate live on for the next daemon.
  void leave();

  const Place* find(const Choice& choice) const;
  // Whose run holds one of `links`.
  const Place* owner_of(const std::vector<SchedulerLink>& links) const;
  Place take(const Choice& choice);
  // Loads it anew.
  void reload(const Choice& choice);
  // Starts one that is `unpacked`; its attach call will not be held.
  void start_through(const Choice& choice);
  // It would be refused, since CPUs came or went after it was loaded.
  bool stale(const Place& place) const {
    return place.held.run->request().hotplug_seq != parts_.kernel.state().hotplug_seq;
  }

  // What runs and kernel tell. They return false when nobody here is meant.
  bool on_gate(std::uint64_t tag);
  bool on_failed(std::uint64_t tag, Error error);
  bool on_exit(std::uint64_t tag, const RunExit& exit);
  void on_hotplug();

  std::optional<Instant> deadline() const;
  void tick();

  // A number for an observer.
  std::uint64_t new_tag() { return ++last_tag_; }

  std::vector<StandbyStatus> standbys() const;

 private:
  struct GivenUp {
    Wanted wanted;
    std::string why;
  };

  Place* place_of(std::uint64_t tag);
  Place* place_of(const Choice& choice);
  Duration load_timeout(const Choice& choice) const;
  std::optional<std::string> no_room(const Wanted& wanted, std::size_t& count, std::uint64_t& memory) const;
  void enter(const Wanted& wanted);
  void on_image(std::uint64_t tag, Result<RunnableImage> image);
  void load(Place& place);
  void lose(std::uint64_t tag, Error error, bool refused = false);

  const Parts parts_;
  const Events events_;
  Limits limits_;
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<GivenUp> given_up_;
  std::vector<Wanted> queued_;
  std::vector<GivenUp> without_room_;
  std::uint64_t last_tag_ = 0;
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // image jobs outlive us
};

}  // namespace schedkit
