#include "core/control/controller.h"

#include <set>
#include <utility>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/control/narration.h"

namespace schedkit {

Controller::Controller(Parts parts, std::function<void()> changed)
    : parts_(std::move(parts)),
      changed_(std::move(changed)),
      sources_(parts_.processes, parts_.triggers),
      safety_net_(parts_.clock, parts_.state, parts_.kernel_release),
      switcher_({parts_.clock, parts_.kernel, parts_.runner, parts_.images, safety_net_.strikes(),
                 safety_net_.stop_first(), parts_.cpu_pressure},
                {.changed =
                     [this] {
                       narrate();
                       changed_();
                     },
                 .happened = [this](HistoryEntry entry) { happened(std::move(entry)); },
                 .proved = [this](const Choice& choice) { safety_net_.proved(choice); },
                 .held = [this](const Tenure& tenure) { safety_net_.held(tenure); }}) {}

// --- policy and events ---

void Controller::replace(Policy policy) {
  const auto& settings = policy.settings;
  switcher_.configure({.attach_timeout = settings.attach_timeout,
                       .stop_timeout = settings.stop_timeout,
                       .probation = settings.probation,
                       .cpu_pressure = settings.cpu_pressure,
                       .replace_foreign = settings.replace_foreign,
                       .lineup = {.load_timeout = settings.load_timeout,
                                  .max = settings.standby_max,
                                  .memory = settings.standby_memory,
                                  .cpus = parts_.cpus}});
  safety_net_.strikes().configure({settings.strikes, settings.backoff_min, settings.backoff_max});
  engine_.replace(std::move(policy));
  fetch_images();
  if (!acting_) return;
  safety_net_.keep_to(engine_.policy());
  switcher_.trust(safety_net_.last_good());
  if (watcher_ != nullptr) {
    environment_globs_ = environment_globs(engine_.policy());
    told_.emplace();
  }
  acting_ = false;  // until all sources have told what is
  sources_.watch(interests_of(engine_.policy()));
  acting_ = true;
  if (auto told = std::exchange(told_, std::nullopt)) tell(std::move(*told));
  reconsider(true);
  switcher_.keep_ready(standbys());
}

// The default arguments of each: a mode has others, and would need a place of its own.
std::vector<Choice> Controller::standbys() const {
  std::vector<Choice> standbys;
  std::set<std::string> names;
  for (const auto& scheduler : engine_.policy().schedulers) {
    const bool known = !names.insert(scheduler.name).second;  // a higher layer defines it
    if (!known && scheduler.standby) standbys.push_back(*choose(scheduler, ""));
  }
  return standbys;
}

void Controller::report(PolicyReport report) {
  report_ = std::move(report);
  changed_();
}

// Nothing on the way of a switch may wait for an image.
void Controller::fetch_images() {
  std::set<std::string> references;
  const auto add = [&](const Choice& choice) {
    if (choice.scheduler) references.insert(choice.scheduler->image);
  };
  add(engine_.policy().fallback);
  for (const auto& rule : engine_.policy().rules) add(rule.use);
  std::erase_if(image_problems_, [&](const auto& problem) { return !references.contains(problem.first); });
  parts_.images.want(references, [this, alive = std::weak_ptr(alive_)](const std::string& reference,
                                                                       const Result<RunnableImage>& image) {
    if (!alive.expired()) take_image(reference, image);
  });
}

void Controller::take_image(const std::string& reference, const Result<RunnableImage>& image) {
  const bool mended = image_problems_.erase(reference) > 0 && image;
  if (!image) {
    log::error("image {} cannot be used: {}", reference, image.error().describe());
    image_problems_.emplace(reference, image.error());
  }
  if (mended && acting_) reconsider(true);
  changed_();
}

Result<void> Controller::start() {
  for (const auto& problem : safety_net_.load()) log::warning("{}", problem.describe());
  safety_net_.keep_to(engine_.policy());
  switcher_.trust(safety_net_.last_good());
  switcher_.adopt(safety_net_.tenure(), standbys());
  restore_override();
  const auto interests = interests_of(engine_.policy());
  if (auto watching = sources_.start(interests, [this](const Event& event) { apply(event); }); !watching) {
    return watching;
  }
  acting_ = true;
  reconsider();
  return {};
}

void Controller::apply(const Event& event) {
  engine_.apply(event, parts_.clock.now());
  if (watcher_ != nullptr) {
    auto shown = without_environment(event, environment_globs_);
    told_ ? told_->events.push_back(std::move(shown)) : tell(std::move(shown));
  }
  if (acting_) reconsider();
}

// --- decision ---

void Controller::reconsider(bool retry) {
  const Instant now = parts_.clock.now();
  const Decision decision = engine_.decide(now);
  const auto step = dwell_.consider(decision_ ? &*decision_ : nullptr, decision, now, engine_.policy().settings.dwell);
  const bool known = decision_ && decision.cause == decision_->cause && step != Dwell::Step::change;
  if (step == Dwell::Step::change) log::info("want {}: {}", decision.choice.name(), decision.reason);
  if (step == Dwell::Step::wait) {
    // deadline() says until when
  } else if (known && !retry) {
    follow(decision);
  } else {
    want(decision, false, retry, nullptr);
  }
  changed_();
}

void Controller::follow(const Decision& decision) {
  const bool news = !decision_ || decision_->cause != decision.cause || decision_->rule != decision.rule ||
                    !same_program(decision_->choice, decision.choice);
  decision_ = decision;
  if (news && watcher_ != nullptr) watcher_->decided(parts_.clock.now(), decision);
}

void Controller::want(const Decision& decision, bool commanded, bool retry, Done done) {
  follow(decision);
  switcher_.want({.choice = decision.choice,
                  .fallback = engine_.policy().fallback,
                  .cause = decision.reason,
                  .commanded = commanded,
                  .retry = retry,
                  .done = std::move(done)});
}

std::optional<Instant> Controller::deadline() const {
  std::optional<Instant> next;
  const auto consider = [&](std::optional<Instant> when) {
    if (when && (!next || *when < *next)) next = when;
  };
  consider(engine_.next_change());
  consider(switcher_.deadline());
  for (const auto& [serial, limit] : limits_) consider(limit.by);
  if (revert_ || !failed_holds_.empty()) consider(parts_.clock.now());
  consider(dwell_.deadline());
  return next;
}

void Controller::tick() {
  switcher_.tick();
  end_limits();
  if (revert_) revert();
  for (const auto id : std::exchange(failed_holds_, {})) (void)end_hold(id);
  if (acting_) reconsider();
}

// --- status ---

namespace {

std::string discrepancy(const Status& status) {
  const std::string wanted = status.wanted.choice.name();
  std::string because = status.last_failure ? "; " + status.last_failure->text : "";
  for (const auto& record : status.strikes) {
    if (record.quarantined && record.scheduler == wanted) because = "; " + Strikes::describe(record);
  }
  switch (status.state) {
    case SystemState::foreign:
      return fmt::format("{} is attached by {}, not by schedkit", status.kernel.ops, status.foreign_owner);
    case SystemState::orphaned_kernel_state:
      return fmt::format("{} is attached by {}", status.kernel.ops, status.foreign_owner);
    case SystemState::managed_mismatch:
      if (status.foreign_owner.empty()) return fmt::format("{} attached out of turn", status.current->name);
      return fmt::format("{} is attached by {} in place of {}", status.kernel.ops, status.foreign_owner,
                         status.current->name);
    case SystemState::managed_detached:
      return fmt::format("{} still runs but nothing is attached{}", status.current->name, because);
    case SystemState::running:
    case SystemState::probation:
      if (wanted == status.current->name) return {};
      return fmt::format("{} is wanted, {} runs{}", wanted, status.current->name, because);
    case SystemState::idle:
      if (status.wanted.choice.is_kernel()) return {};
      return fmt::format("{} is wanted, nothing is attached{}", wanted, because);
    case SystemState::unsupported:
      if (status.wanted.choice.is_kernel()) return {};
      return fmt::format("{} is wanted, but this kernel has no sched_ext", wanted);
    case SystemState::preparing:
    case SystemState::handing_over: return {};
  }
  return {};
}

}  // namespace

Status Controller::status() const {
  Status status;
  switcher_.describe(status);
  if (decision_) status.wanted = *decision_;
  if (const auto& present = engine_.current_override()) {
    status.override_by = present->by;
    if (present->until) status.override_until = parts_.clock.wall_now() + (*present->until - parts_.clock.now());
  }
  for (const auto& hold : engine_.holds()) {
    status.holds.push_back({hold.id, hold.choice.name(), hold.choice.mode, hold.by, hold.reason});
  }
  status.strikes = safety_net_.strikes().records();
  status.discrepancy = discrepancy(status);
  status.rules = engine_.rules();
  status.files = report_.files;
  status.problems = report_.problems;
  for (const auto& [reference, error] : image_problems_) {
    status.problems.push_back(with_context(error, "image " + reference));
  }
  status.sources = sources_.status();
  return status;
}

Explanation Controller::explain() const {
  return schedkit::explain(engine_, decision_.value_or(Decision()), parts_.clock.now());
}

void Controller::happened(HistoryEntry entry) {
  untold_.push_back(entry);
  if (watcher_ != nullptr) watcher_->happened(parts_.clock.now(), entry);
  if (observer_) observer_(entry);
  safety_net_.record(std::move(entry));
}

// From the same picture that status shows.
void Controller::narrate() {
  Status now;
  switcher_.describe(now);
  for (const auto& message :
       schedkit::narrate(narrated_, now, std::exchange(untold_, {}), decision_ ? &*decision_ : nullptr)) {
    log::write(message.level, message.text, message.fields);
  }
  narrated_ = std::move(now);
}

}  // namespace schedkit
