#include "core/sched/lineup.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/sched/runtime_spec.h"

namespace schedkit {

namespace {

constexpr int most_reloads = 5;
constexpr const char* cannot_wait = "it takes over by stop-first and cannot wait at the gate";

bool is_wanted(const std::vector<Lineup::Wanted>& wanted, const Choice& choice) {
  return std::ranges::any_of(wanted, [&](const auto& one) { return same_program(one.choice, choice); });
}

}  // namespace

Lineup::Place* Lineup::place_of(std::uint64_t tag) {
  const auto found = std::ranges::find_if(places_, [tag](const auto& place) { return place->held.tag == tag; });
  return found == places_.end() ? nullptr : found->get();
}

Lineup::Place* Lineup::place_of(const Choice& choice) {
  const auto found =
      std::ranges::find_if(places_, [&](const auto& place) { return same_program(place->choice, choice); });
  return found == places_.end() ? nullptr : found->get();
}

const Lineup::Place* Lineup::find(const Choice& choice) const { return const_cast<Lineup*>(this)->place_of(choice); }

const Lineup::Place* Lineup::owner_of(const std::vector<SchedulerLink>& links) const {
  for (const auto& link : links) {
    for (const auto owner : link.owners) {
      for (const auto& place : places_) {
        if (place->held.run && place->held.run->owns(owner)) return place.get();
      }
    }
  }
  return nullptr;
}

void Lineup::forgive(const Choice& choice) {
  std::erase_if(given_up_, [&](const GivenUp& one) { return same_program(one.wanted.choice, choice); });
}

// --- who has a place ---

void Lineup::want(const std::vector<Wanted>& wanted) {
  without_room_.clear();
  std::vector<Wanted> entitled;
  std::size_t count = 0;
  std::uint64_t memory = 0;
  for (const auto& one : wanted) {
    if (is_wanted(entitled, one.choice)) continue;
    if (auto why = no_room(one, count, memory)) {
      without_room_.push_back({one, std::move(*why)});
    } else {
      entitled.push_back(one);
    }
  }
  std::erase_if(places_, [&](auto& place) {
    if (is_wanted(entitled, place->choice)) return false;
    parts_.retired.kill(std::move(place->held));
    return true;
  });
  // Loading costs CPU time: the candidate should have all of it, then the way back.
  bool busy = false;
  queued_.clear();
  for (const auto& one : entitled) {
    if (auto* place = place_of(one.choice)) {
      place->role = one.role;
    } else if (one.role == Role::candidate || !busy) {
      enter(one);
    } else {
      queued_.push_back(one);
    }
    const auto* place = place_of(one.choice);
    busy |= one.role != Role::standby && place != nullptr && place->stage != Stage::at_gate;
  }
}

// Why there is no place for it; counts it otherwise.
std::optional<std::string> Lineup::no_room(const Wanted& wanted, std::size_t& count, std::uint64_t& memory) const {
  if (wanted.role == Role::candidate) return std::nullopt;
  if (wanted.choice.scheduler->handover == Handover::stop_first) {
    return cannot_wait;
  }
  const auto given = std::ranges::find_if(
      given_up_, [&](const GivenUp& one) { return same_program(one.wanted.choice, wanted.choice); });
  if (given != given_up_.end()) return given->why;
  if (!wanted.held_back.empty()) return wanted.held_back;
  if (count >= limits_.max) return fmt::format("no room: [standby] max is {}", limits_.max);
  const auto own = memory_limit({wanted.choice, {}}, limits_.cpus);
  if (memory + own > limits_.memory) {
    return fmt::format("no room: its memory limit is {}, {} of [standby] memory = {} are taken", format_size(own),
                       format_size(memory), format_size(limits_.memory));
  }
  ++count;
  memory += own;
  return std::nullopt;
}

void Lineup::enter(const Wanted& wanted) {
  auto& place = *places_.emplace_back(std::make_unique<Place>());
  place.choice = wanted.choice;
  place.role = wanted.role;
  place.begun = parts_.clock.now();
  place.load_by = place.begun + load_timeout(wanted.choice);
  const auto tag = place.held.tag = new_tag();
  parts_.images.prepare(wanted.choice.scheduler->image,
                        [this, tag, alive = std::weak_ptr(alive_)](Result<RunnableImage> image) {
                          if (!alive.expired()) on_image(tag, std::move(image));
                        });
}

void Lineup::adopt(TaggedRun held) {
  const auto& request = held.run->request();
  auto place = std::make_unique<Place>(Place{.choice = request.choice,
                                             .stage = Stage::at_gate,
                                             .held = {},
                                             .image = request.image,
                                             .begun = held.run->started(),
                                             .at_gate = parts_.clock.now()});
  place->held = std::move(held);
  if (place_of(place->choice) != nullptr || stale(*place)) return parts_.retired.kill(std::move(place->held));
  places_.push_back(std::move(place));
}

void Lineup::leave() {
  for (auto& place : places_) {
    if (place->stage != Stage::at_gate) continue;
    place->held.run->abandon();
    place->held.run.reset();
  }
  clear();
}

void Lineup::clear() {
  for (auto& place : places_) parts_.retired.kill(std::move(place->held));
  places_.clear();
  queued_.clear();
  without_room_.clear();
}

Lineup::Place Lineup::take(const Choice& choice) {
  const auto found =
      std::ranges::find_if(places_, [&](const auto& place) { return same_program(place->choice, choice); });
  Place place = std::move(**found);
  places_.erase(found);
  return place;
}

// --- on the way to the gate ---

Duration Lineup::load_timeout(const Choice& choice) const {
  const auto own = choice.scheduler->load_timeout;
  return own > Duration::zero() ? own : limits_.load_timeout;
}

void Lineup::on_image(std::uint64_t tag, Result<RunnableImage> image) {
  auto* place = place_of(tag);
  if (place == nullptr) return;
  if (!image) return lose(tag, std::move(image.error()));
  auto admitted = events_.admit(place->choice, place->role, *image);
  place->image = std::move(*image);
  if (!admitted) return lose(tag, std::move(admitted.error()), true);
  const bool stop_first = place->choice.scheduler->handover == Handover::stop_first;
  if (!stop_first && !events_.stop_first(*place->image)) return load(*place);
  if (place->role != Role::candidate) return lose(tag, {Errc::unsupported, cannot_wait, {}}, true);
  place->stage = Stage::unpacked;
  events_.ready(Choice(place->choice));
}

void Lineup::load(Place& place) {
  place.stage = Stage::loading;
  place.held.run = parts_.runner.start({place.choice, *place.image, parts_.kernel.state().hotplug_seq},
                                       events_.observe(place.held.tag));
}

void Lineup::start_through(const Choice& choice) {
  auto& place = *place_of(choice);
  load(place);
  place.held.run->keep_gate_open(true);
}

void Lineup::reload(const Choice& choice) {
  auto& place = *place_of(choice);
  if (++place.reloads > most_reloads) {
    return lose(place.held.tag, {Errc::busy, "CPUs keep going on- and offline while it loads", {}}, true);
  }
  parts_.retired.kill(std::move(place.held));
  place.held = {.tag = new_tag(), .run = nullptr};
  place.load_by = parts_.clock.now() + load_timeout(place.choice);
  load(place);
}

bool Lineup::on_gate(std::uint64_t tag) {
  auto* place = place_of(tag);
  if (place == nullptr) return false;
  // The kernel would take this attach and undo it at once: sched_ext_ops.hotplug_seq is of the time of loading.
  if (stale(*place)) {
    reload(place->choice);
    return true;
  }
  place->stage = Stage::at_gate;
  place->at_gate = parts_.clock.now();
  place->reloads = 0;
  place->load_by.reset();
  events_.ready(Choice(place->choice));
  return true;
}

void Lineup::on_hotplug() {
  std::vector<Choice> stale_ones;
  for (const auto& place : places_) {
    if (place->stage == Stage::at_gate && place->role != Role::candidate && stale(*place)) {
      stale_ones.push_back(place->choice);
    }
  }
  for (const auto& choice : stale_ones) reload(choice);
}

// --- ends ---

bool Lineup::on_failed(std::uint64_t tag, Error error) {
  auto* place = place_of(tag);
  if (place == nullptr) return false;
  place->held.run.reset();
  lose(tag, std::move(error));
  return true;
}

bool Lineup::on_exit(std::uint64_t tag, const RunExit& exit) {
  auto* place = place_of(tag);
  if (place == nullptr) return false;
  place->held.ended = true;
  lose(tag, {Errc::failed,
             fmt::format("{} {} {}", place->choice.name(), exit.describe(),
                         place->stage == Stage::at_gate ? "at the gate" : "before it attached"),
             {}});
  return true;
}

void Lineup::lose(std::uint64_t tag, Error error, bool refused) {
  const auto found = std::ranges::find_if(places_, [tag](const auto& place) { return place->held.tag == tag; });
  const auto place = std::move(*found);
  places_.erase(found);
  Failure failure{place->choice, place->role, place->image, refused, std::move(error), {}};
  if (place->held.run) failure.output = place->held.run->output();
  parts_.retired.kill(std::move(place->held));
  forgive(place->choice);
  if (place->role != Role::candidate) given_up_.push_back({{place->choice, place->role}, failure.error.text});
  events_.failed(std::move(failure));
}

std::optional<Instant> Lineup::deadline() const {
  std::optional<Instant> next;
  for (const auto& place : places_) {
    if (place->load_by && (!next || *place->load_by < *next)) next = place->load_by;
  }
  return next;
}

void Lineup::tick() {
  const auto now = parts_.clock.now();
  const auto late = [now](const auto& place) { return place->load_by && *place->load_by <= now; };
  for (auto found = std::ranges::find_if(places_, late); found != places_.end();
       found = std::ranges::find_if(places_, late)) {
    const auto& place = **found;
    lose(place.held.tag, {Errc::timeout,
                          fmt::format("{} did not reach the attach gate within {}", place.choice.name(),
                                      format_duration(load_timeout(place.choice))),
                          {}});
  }
}

std::vector<StandbyStatus> Lineup::standbys() const {
  std::vector<StandbyStatus> all;
  const auto word = [](Role role) { return role == Role::previous ? "previous" : "standby"; };
  for (const auto& place : places_) {
    if (place->role == Role::candidate) continue;
    const char* phase = place->stage == Stage::at_gate ? "at the gate"
                        : place->stage == Stage::image ? "unpacking"
                                                       : "loading";
    all.push_back({place->choice.name(), word(place->role), phase, "", place->held.run ? place->held.run->pid() : 0,
                   place->held.run ? place->held.run->request().image.digest : ""});
  }
  for (const auto& one : queued_) all.push_back({one.choice.name(), word(one.role), "queued", "", 0});
  for (const auto& one : without_room_) {
    const bool given = std::ranges::any_of(
        given_up_, [&](const GivenUp& up) { return same_program(up.wanted.choice, one.wanted.choice); });
    all.push_back({one.wanted.choice.name(), word(one.wanted.role), given ? "given up" : "not kept", one.why, 0});
  }
  return all;
}

}  // namespace schedkit
