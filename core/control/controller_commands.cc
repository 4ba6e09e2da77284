// Controller: what people and programs ask for, above the rules.
#include <utility>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/control/controller.h"
#include "core/control/override_file.h"

namespace schedkit {

// --- overrides ---

Result<Choice> Controller::resolve(const RunCommand& command) const {
  if (command.scheduler == "kernel") {
    if (!command.mode.empty() || command.has_args) {
      return fail(Errc::invalid, "the kernel's own scheduler takes neither mode nor arguments");
    }
    return Choice{};
  }
  Scheduler scheduler;
  if (const Scheduler* known = engine_.policy().find(command.scheduler)) {
    scheduler = *known;
  } else if (command.scheduler.starts_with("oci:") || command.scheduler.find('/') != std::string::npos) {
    scheduler.name = scheduler.image = command.scheduler;
  } else {
    std::vector<std::string> names;
    for (const auto& defined : engine_.policy().schedulers) names.push_back(defined.name);
    return fail(Errc::not_found,
                "no policy defines a scheduler {}; defined are: {}. An image is named like oci:/path:tag",
                quote(command.scheduler), names.empty() ? "none" : join(names, ", "));
  }
  auto choice = choose(scheduler, command.mode);
  if (!choice) return fail(Errc::not_found, "scheduler {} has no mode {}", scheduler.name, quote(command.mode));
  if (command.has_args) choice->args = command.args;
  return *choice;
}

void Controller::run(RunCommand command, Done done) {
  auto choice = resolve(command);
  if (!choice) return done(fail(std::move(choice.error())));
  if (!command.until) command.until = engine_.policy().settings.override_until;
  Override wanted{.choice = std::move(*choice), .by = command.by, .until = {}};
  if (command.until->kind == Lifetime::Kind::limited) wanted.until = parts_.clock.now() + command.until->duration;
  const auto until = wanted.until;
  tell(SimulatedRun{command.scheduler, command.mode, command.has_args ? std::optional(command.args) : std::nullopt,
                    command.until});
  const auto undo = [this, choice = wanted.choice, earlier = engine_.current_override()] {
    const auto& present = engine_.current_override();
    if (present && same_program(present->choice, choice)) revert_ = earlier;
  };
  const auto within = command.within;
  const auto kept = [this, command = std::move(command), until, done = std::move(done)](Result<void> result) {
    if (result) keep_override(command, until);
    done(std::move(result));
  };
  override_with(std::move(wanted), limited(within, undo, kept));
}

// Whoever comes first answers: the switcher, or end_limits().
Controls::Done Controller::limited(std::optional<Duration> within, std::function<void()> undo, Done done) {
  if (!within) return done;
  const auto serial = ++last_limit_;
  limits_.emplace(serial, Limit{parts_.clock.now() + *within, std::move(undo), std::move(done)});
  return [this, serial, alive = std::weak_ptr(alive_)](Result<void> result) {
    if (alive.expired()) return;
    const auto found = limits_.find(serial);
    if (found == limits_.end()) return;
    const Done answer = std::move(found->second.done);
    limits_.erase(found);
    answer(std::move(result));
  };
}

void Controller::end_limits() {
  const Instant now = parts_.clock.now();
  for (auto limit = limits_.begin(); limit != limits_.end();) {
    if (limit->second.by > now) {
      ++limit;
      continue;
    }
    const Limit ended = std::move(limit->second);
    limit = limits_.erase(limit);
    ended.undo();
    ended.done(fail(Errc::timeout, "it was not attached in time; what ruled before rules again"));
  }
}

void Controller::stop(std::string by, Done done) { run({.scheduler = "kernel", .by = std::move(by)}, std::move(done)); }

// A command that fails leaves no override behind: what ruled before rules again, here and, since only what succeeded
// was kept, after a restart. The switcher tells the failure from inside its own step, so the return waits for the next
// tick().
void Controller::override_with(Override choice, Done done) {
  const Choice wanted = choice.choice;
  const auto earlier = engine_.current_override();
  engine_.set_override(std::move(choice));
  const Decision decision = engine_.decide(parts_.clock.now());
  log::info("want {}: {}", decision.choice.name(), decision.reason);
  want(decision, true, false, [this, wanted, earlier, done, alive = std::weak_ptr(alive_)](Result<void> result) {
    const bool failed = !result && result.error().code != Errc::cancelled;
    if (failed && !alive.expired()) {
      const auto& present = engine_.current_override();
      if (present && same_program(present->choice, wanted)) revert_ = earlier;
    }
    done(std::move(result));
  });
  changed_();
}

void Controller::revert() {
  const auto earlier = *std::exchange(revert_, std::nullopt);
  dwell_.forget();  // going back does not wait
  if (earlier) {
    engine_.set_override(*earlier);
    tell(as_run(*earlier, parts_.clock.now()));
  } else {
    engine_.clear_override();
    tell(SimulatedAuto());
  }
}

void Controller::keep_override(const RunCommand& command, const std::optional<Instant>& until) {
  forget_override();
  const bool lasts = command.until->kind == Lifetime::Kind::automatic && !parts_.lasting_override_path.empty();
  const auto& path = lasts ? parts_.lasting_override_path : parts_.override_path;
  if (auto kept = write_override(path, {command, until}); !kept) {
    log::warning("this override ends with the daemon: {}", kept.error().describe());
  }
}

void Controller::forget_override() {
  for (const auto& path : {parts_.override_path, parts_.lasting_override_path}) {
    if (path.empty()) continue;
    if (auto removed = remove_override(path); !removed) log::warning("{}", removed.error().describe());
  }
}

void Controller::go_automatic(Done done) {
  engine_.clear_override();
  forget_override();
  tell(SimulatedAuto());
  const Instant now = parts_.clock.now();
  const Decision decision = engine_.decide(now);
  dwell_.forget();
  (void)dwell_.consider(decision_ ? &*decision_ : nullptr, decision, now, engine_.policy().settings.dwell);
  log::info("want {}: {} (automatic again)", decision.choice.name(), decision.reason);
  want(decision, false, true, std::move(done));
  changed_();
}

void Controller::restore_override() {
  auto kept = read_override(parts_.override_path);
  if (kept && !*kept && !parts_.lasting_override_path.empty()) kept = read_override(parts_.lasting_override_path);
  if (kept && !*kept) return;
  if (kept && (*kept)->until && *(*kept)->until <= parts_.clock.now()) return forget_override();
  const auto choice = kept ? resolve((*kept)->command) : Result<Choice>(fail(kept.error()));
  if (!choice) {
    log::warning("the earlier override is dropped: {}", choice.error().describe());
    forget_override();
    return;
  }
  engine_.set_override({.choice = *choice, .by = (*kept)->command.by, .until = (*kept)->until});
}

// --- holds ---

namespace {

// Clients without a password may hold: nothing that no policy names.
Result<void> may_be_held(const std::string& scheduler) {
  if (!scheduler.starts_with("oci:") && scheduler.find('/') == std::string::npos) return {};
  return fail(Errc::invalid, "a hold names a scheduler of the policies, not the image {}", quote(scheduler, 80));
}

}  // namespace

// One that fails is taken back like an override, at the next tick().
void Controller::hold(HoldCommand command, std::function<void(std::uint32_t)> made, HoldDone done) {
  if (auto allowed = may_be_held(command.scheduler); !allowed) return done(0, std::move(allowed));
  auto choice = resolve({.scheduler = command.scheduler,
                         .mode = command.mode,
                         .has_args = command.args.has_value(),
                         .args = command.args.value_or(std::vector<std::string>()),
                         .by = {}});
  if (!choice) return done(0, fail(std::move(choice.error())));
  const auto args = choice->scheduler ? std::optional(choice->args) : std::nullopt;
  const auto id = engine_.add_hold(std::move(*choice), std::move(command.by), std::move(command.reason));
  tell(SimulatedHold{std::to_string(id), command.scheduler, command.mode, args});
  made(id);
  const Decision decision = engine_.decide(parts_.clock.now());
  log::info("hold {} on {}; want {}: {}", id, command.scheduler, decision.choice.name(), decision.reason);
  if (decision.cause != Cause::hold || !acting_) {
    changed_();
    return done(id, {});
  }
  const auto answer = limited(
      command.within, [this, id] { failed_holds_.push_back(id); },
      [id, done = std::move(done)](Result<void> result) { done(id, std::move(result)); });
  want(decision, false, false, [this, id, answer, alive = std::weak_ptr(alive_)](Result<void> result) {
    if (!result && result.error().code == Errc::cancelled) result = {};  // it stands, below what came later
    if (!result && !alive.expired()) failed_holds_.push_back(id);
    answer(std::move(result));
  });
  changed_();
}

bool Controller::end_hold(std::uint32_t id) {
  if (!engine_.release_hold(id)) return false;
  tell(SimulatedRelease{std::to_string(id)});
  return true;
}

void Controller::release_hold(std::uint32_t id) {
  if (!end_hold(id)) return;
  log::info("hold {} is released", id);
  if (acting_) reconsider();
  changed_();
}

// --- the rest ---

std::size_t Controller::clear_quarantine(const std::string& which) {
  const auto cleared = safety_net_.clear_strikes(which);
  if (cleared > 0 && acting_) {
    log::notice("strikes against {} are forgotten", which.empty() ? "all schedulers" : which);
    switcher_.keep_ready(standbys());
    reconsider(true);
  }
  return cleared;
}

void Controller::reload(Done done) {
  reader_([this, done = std::move(done), alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    fetch_images();
    if (acting_) reconsider(true);
    done({});
  });
}

}  // namespace schedkit
