// The switcher's choices: wishes and goals. Its steps are in switcher_steps.cc, what comes from outside in
// switcher_events.cc, what it tells in switcher_record.cc.
#include "core/sched/switcher.h"

#include <algorithm>
#include <map>
#include <utility>

namespace schedkit {

Switcher::Switcher(Parts parts, Events events)
    : parts_(parts),
      events_(std::move(events)),
      lineup_({parts.clock, parts.kernel, parts.runner, parts.images, retired_},
              {.observe = [this](std::uint64_t tag) { return observer(tag); },
               .admit = [this](const Choice& choice, Lineup::Role role,
                               const RunnableImage& image) { return admit(choice, role, image); },
               .stop_first = [this](const RunnableImage& image) { return parts_.stop_first.applies(image.digest); },
               .ready =
                   [this](const Choice& choice) {
                     if (phase_ == Phase::preparing && goal_ && same_program(*goal_, choice)) {
                       advance();
                     } else if (phase_ == Phase::settled && !shut_down_done_ && lineup_.queued()) {
                       line_up();
                     }
                     events_.changed();
                   },
               .failed = [this](Lineup::Failure failure) { on_lineup_failure(std::move(failure)); }}),
      ladder_(parts.clock, parts.kernel,
              [this] {
                if (phase_ == Phase::detaching) look_detached();
                events_.changed();
              }),
      probation_(parts.clock, parts.pressure, [this](const std::string& why) { probation_failed(why); }),
      stranger_(parts.clock, parts.kernel) {
  parts_.kernel.on_change([this](const std::optional<std::string>& message) { on_kernel(message); });
}

Switcher::~Switcher() { parts_.kernel.on_change({}); }

void Switcher::configure(Options options) {
  options_ = options;
  lineup_.configure(options.lineup);
}

void Switcher::keep_ready(std::vector<Choice> standbys) {
  standbys_ = std::move(standbys);
  lineup_.forgive();
  if (phase_ == Phase::settled && !shut_down_done_) line_up();
}

void Switcher::adopt(const std::optional<Tenure>& tenure, std::vector<Choice> standbys) {
  standbys_ = std::move(standbys);
  std::map<std::string, std::uint64_t> tags;
  auto runs = parts_.runner.adopt([&](const std::string& id) { return observer(tags[id] = lineup_.new_tag()); });
  const auto kernel = parts_.kernel.state();
  const bool enabled = kernel.state == ExtState::enabled;
  const auto links = parts_.kernel.links();
  const bool linkless = links && links->empty();
  for (auto& run : runs) {
    TaggedRun held{tags[run->id()], std::move(run)};
    const bool known = tenure && tenure->run == held.run->id();
    const auto link = enabled && (!known || tenure->ops == kernel.ops) ? link_of(*held.run, links) : std::nullopt;
    if (link || (enabled && linkless && known && tenure->ops == kernel.ops)) {
      resume(std::move(held), link, tenure);
    } else if (held.run->waits_at_gate()) {
      lineup_.adopt(std::move(held));
    } else {
      retired_.kill(std::move(held));
    }
  }
  if (!present_) look_for_strangers(links);
  events_.changed();
}

// An earlier daemon's present one. What is not known of it is taken for the worse: it has yet to prove itself.
void Switcher::resume(TaggedRun held, std::optional<std::uint32_t> link, const std::optional<Tenure>& tenure) {
  const bool known = tenure && tenure->run == held.run->id();
  const auto now = parts_.clock.now();
  held.run->keep_gate_open(true);
  present_ = Present{std::move(held), link, known ? tenure->attached_at : now, parts_.kernel.state().ops};
  wish_.choice = present_->choice();
  ran_ = present_->choice();
  if (known) before_ = tenure->before;
  const auto length = probation_length(present_->choice());
  const bool proved = known ? tenure->proved : last_good_ && same_program(*last_good_, present_->choice());
  if (proved || length <= Duration::zero()) return;
  // One that was over meanwhile is passed with the next tick().
  const auto left = length - (now - present_->attached_at);
  probation_.take_baseline(options_.cpu_pressure);
  if (auto begun = probation_.begin(std::max(left, Duration{1})); !begun) {
    record({.event = HistoryEvent::notice, .to = present_->choice().name(), .text = begun.error().text});
  }
}

Duration Switcher::probation_length(const Choice& choice) const {
  const auto own = choice.scheduler->probation;
  return own > Duration::zero() ? own : options_.probation;
}

void Switcher::want(Wish wish) {
  // The same once more, asked by nobody: whoever waits for it goes on waiting, and it remains a command.
  if (wish_.done && !wish.done && same_program(wish.choice, wish_.choice)) {
    wish.done = std::exchange(wish_.done, nullptr);
    wish.commanded |= wish_.commanded;
  }
  if (auto superseded = std::exchange(wish_.done, nullptr)) {
    superseded(fail(Errc::cancelled, "something else was asked for before this was done"));
  }
  if (shut_down_done_) {
    if (wish.done) wish.done(fail(Errc::cancelled, "schedkitd is ending"));
    return;
  }
  if (wish.commanded || wish.retry) {
    failures_.forget_all();
    lineup_.forgive();
  } else if (!same_program(wish.choice, wish_.choice)) {
    failures_.forget_untimed();
  }
  if (!same_program(wish.choice, wish_.choice)) restarts_ = 0;
  if (present_ && (wish.commanded || wish.retry)) present_->condemned = false;
  wish_ = std::move(wish);
  if (phase_ == Phase::preparing && next_goal() != goal_) abandon_goal();
  if (phase_ == Phase::settled) reconcile();
  events_.changed();
}

// It was being prepared and is no longer wanted. line_up() lets it go, or lets it stand by.
void Switcher::abandon_goal() {
  record({.event = HistoryEvent::superseded,
          .from = from_,
          .to = goal_->name(),
          .cause = goal_cause_,
          .prepare = parts_.clock.now() - goal_since_});
  goal_.reset();
  phase_ = Phase::settled;
}

bool Switcher::satisfied(const Choice& choice) const {
  const bool enabled = parts_.kernel.state().state == ExtState::enabled;
  const bool give_way = !wish_.commanded && !options_.replace_foreign;
  if (!choice.is_kernel()) {
    return enabled && present_ && (!mismatch_ || give_way) && same_program(present_->choice(), choice);
  }
  if (present_) return false;
  return !enabled || blocked_by_foreign();
}

bool Switcher::blocked_by_foreign() const {
  return !present_ && !culprit_ && !wish_.commanded && !options_.replace_foreign &&
         parts_.kernel.state().state == ExtState::enabled;
}

bool Switcher::usable(const Choice& choice) const {
  return !choice.is_kernel() && !failures_.has(choice) && !(present_ && same_program(present_->choice(), choice));
}

std::optional<Choice> Switcher::way_back() const {
  // With nothing attached, what was reached last is what the wish, which failed, should have replaced.
  const auto& before = !present_ && ran_ && !failures_.has(*ran_) ? ran_ : before_;
  if (before && before->is_kernel() && !failures_.quarantined(wish_.choice)) return std::nullopt;
  if (before && usable(*before)) return before;
  if (last_good_ && usable(*last_good_)) return last_good_;
  if (usable(wish_.fallback)) return wish_.fallback;
  return std::nullopt;
}

std::optional<Choice> Switcher::next_goal() const {
  if (blocked_by_foreign()) return std::nullopt;
  if (!failures_.has(wish_.choice)) return satisfied(wish_.choice) ? std::nullopt : std::optional(wish_.choice);
  if (present_ && present_->condemned && !stuck_) return way_back().value_or(Choice{});
  if (present_ || parts_.kernel.state().state == ExtState::enabled) return std::nullopt;
  return way_back();
}

Result<void> Switcher::outcome() const {
  if (satisfied(wish_.choice)) return {};
  if (blocked_by_foreign()) return fail(Errc::busy, "a scheduler that schedkit does not manage is attached");
  return fail(Errc::failed, "{}", last_failure_ ? last_failure_->text : "it failed before");
}

// Only called when settled.
void Switcher::reconcile() {
  if (shut_down_done_) return conclude();
  if (stranger_.is_looked_for()) return;  // look_again() comes back
  const auto goal = next_goal();
  if (!goal) return settle();
  if (mismatch_) {  // the present one is not attached any more: whoever is counts as foreign
    mismatch_ = false;
    retired_.kill(std::move(present_->held));
    present_.reset();
    probation_.end();
    return reconcile();
  }
  goal_ = goal;
  goal_since_ = parts_.clock.now();
  goal_instead_ = !same_program(*goal, wish_.choice);
  goal_cause_ = wish_.cause;
  if (goal_instead_ && last_failure_) {
    goal_cause_ = fmt::format("in place of {}: {}", wish_.choice.name(), last_failure_->text);
  }
  from_ = present_ ? present_->choice().name() : parts_.kernel.state().ops;
  if (from_.empty()) from_ = "kernel";
  detach_took_ = Duration{0};
  replaces_unproved_ = false;
  words_.forget();
  if (goal->is_kernel()) {
    line_up();
    detach();
  } else {
    prepare();
  }
}

void Switcher::settle() {
  goal_.reset();
  line_up();
  if (wish_.choice.is_kernel() && satisfied(wish_.choice) && !blocked_by_foreign()) ran_ = Choice{};
  if (wish_.done) std::exchange(wish_.done, nullptr)(outcome());
}

void Switcher::line_up() {
  std::vector<Lineup::Wanted> wanted;
  if (goal_ && !goal_->is_kernel() && !attaching_) wanted.push_back({*goal_, Lineup::Role::candidate});
  if (present_ && probation_.active()) {
    if (auto back = way_back()) wanted.push_back({*back, Lineup::Role::previous});
  }
  for (const auto& standby : standbys_) {
    if (present_ && same_program(present_->choice(), standby)) continue;
    wanted.push_back({standby, Lineup::Role::standby, failures_.why(standby)});
  }
  lineup_.want(wanted);
}

void Switcher::shut_down(std::function<void()> done, bool leave_waiting) {
  shut_down_done_ = std::move(done);
  leave_waiting_ = leave_waiting;
  if (auto waiting = std::exchange(wish_.done, nullptr)) waiting(fail(Errc::cancelled, "schedkitd is ending"));
  probation_.end();
  if (phase_ == Phase::preparing || phase_ == Phase::lost) {
    phase_ = Phase::settled;
    goal_.reset();
    deadline_.reset();
  }
  if (phase_ == Phase::settled) conclude();
}

// The end of a shutdown: what is attached stays, what was asked to end gets the time to do so.
void Switcher::conclude() {
  leave_waiting_ ? lineup_.leave() : lineup_.clear();
  if (!retired_.empty()) {
    if (!deadline_) deadline_ = shut_down_by_ = parts_.clock.now() + options_.stop_timeout;
    if (parts_.clock.now() < shut_down_by_) return;
  }
  deadline_.reset();
  retired_.forget_all();
  if (present_) present_->held.run->abandon();
  if (auto done = std::exchange(shut_down_done_, [] {})) done();
}

std::optional<Instant> Switcher::deadline() const {
  std::optional<Instant> next = deadline_;
  const auto consider = [&](const std::optional<Instant>& when) {
    if (when && (!next || *when < *next)) next = when;
  };
  consider(lineup_.deadline());
  consider(ladder_.deadline());
  if (!shut_down_done_) consider(failures_.next());
  if (phase_ == Phase::settled || phase_ == Phase::preparing) {
    consider(probation_.until());
    if (!shut_down_done_) consider(stranger_.again());
  }
  return next;
}

}  // namespace schedkit
