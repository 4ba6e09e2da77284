// The switcher's steps: preparing → detaching → attaching.
#include <utility>

#include "core/base/text.h"
#include "core/sched/switcher.h"

namespace schedkit {

namespace {

// How often the state is read while an attach call is let through: a refused attach sends no event.
constexpr Duration attach_poll = std::chrono::milliseconds(5);

// How long the kernel's words about a refusal are waited for.
constexpr Duration last_words = std::chrono::seconds(1);

}  // namespace

// --- preparing ---

void Switcher::prepare() {
  if (parts_.kernel.state().state == ExtState::unsupported) {
    const Choice choice = *std::exchange(goal_, std::nullopt);
    line_up();
    return fail_goal(choice, {Errc::unsupported, "this kernel has no sched_ext (CONFIG_SCHED_CLASS_EXT)", {}}, {}, {},
                     false);
  }
  phase_ = Phase::preparing;
  probation_.take_baseline(options_.cpu_pressure);  // it may be attached without a detach
  line_up();
  const auto* place = lineup_.find(*goal_);
  if (place != nullptr && place->stage == Lineup::Stage::at_gate) advance();
}

// The goal waits at the gate, or has only to be started once nothing is attached.
void Switcher::advance() {
  const auto& place = *lineup_.find(*goal_);
  const bool nothing_attached = parts_.kernel.state().state == ExtState::disabled;
  if (place.stage == Lineup::Stage::unpacked) {
    if (nothing_attached) return lineup_.start_through(*goal_);
    return detach();
  }
  if (lineup_.stale(place)) return lineup_.reload(*goal_);
  if (nothing_attached) return open_gate();
  if (stranger_.is_looked_for()) return;  // look_again() comes back
  if (!blocked_by_foreign()) return detach();
  const Choice choice = *std::exchange(goal_, std::nullopt);
  phase_ = Phase::settled;
  fail_goal(choice, {Errc::busy, "a scheduler that schedkit does not manage was attached meanwhile", {}}, {}, {},
            false);
  reconcile();
}

// --- detaching ---

void Switcher::detach() {
  phase_ = Phase::detaching;
  words_.forget();
  replaces_unproved_ = probation_.active();
  probation_.take_baseline(options_.cpu_pressure);
  std::optional<std::uint32_t> link = present_ ? present_->link : std::nullopt;
  if (present_) {
    present_->held.run->keep_gate_open(false);
  } else if (const auto links = without_ours(parts_.kernel.links()); links && !links->empty()) {
    link = links->front().id;
  }
  ladder_.enter(link, present_ ? present_->held.run.get() : nullptr, options_.stop_timeout);
  if (ladder_.at_its_end()) look_detached();
}

void Switcher::look_detached() {
  const auto state = parts_.kernel.state().state;
  if (state == ExtState::disabled) return detached();
  if (state == ExtState::enabled && present_ && present_->link) {
    const auto links = parts_.kernel.links();
    const bool others = links && !links->empty() && !link_of(*present_->held.run, links);
    if (others) return detached();  // it was, and somebody was faster than our goal
  }
  if (ladder_.at_its_end()) detach_gave_up();
}

void Switcher::detached() {
  detach_took_ = ladder_.taken();
  ladder_.leave();
  probation_.end();
  mismatch_ = stuck_ = false;
  if (present_) {
    retired_.stop(std::move(present_->held), options_.stop_timeout);
    present_.reset();
  }
  if (culprit_) retired_.kill(*std::exchange(culprit_, std::nullopt));
  stranger_.forget();
  phase_ = Phase::settled;
  if (goal_ && !goal_->is_kernel() && (shut_down_done_ || next_goal() == goal_)) {
    if (const auto* place = lineup_.find(*goal_); place != nullptr && place->stage != Lineup::Stage::image) {
      phase_ = Phase::preparing;
      if (place->stage != Lineup::Stage::loading) return advance();
      return;
    }
  }
  if (goal_ && goal_->is_kernel()) {
    last_switch_ =
        SwitchRecord{from_, "kernel", goal_cause_, parts_.clock.wall_now(), Duration{0}, detach_took_, Duration{0}};
    record({.event = goal_instead_ ? HistoryEvent::rolled_back : HistoryEvent::switched,
            .from = from_,
            .to = "kernel",
            .cause = goal_cause_,
            .detach = detach_took_});
    if (same_program(*goal_, wish_.choice)) ran_ = Choice{};
  } else if (goal_) {
    record({.event = HistoryEvent::superseded,
            .from = from_,
            .to = goal_->name(),
            .cause = goal_cause_,
            .detach = detach_took_});
  }
  goal_.reset();
  if (parts_.kernel.state().state == ExtState::enabled) return on_kernel_settled();
  reconcile();
}

void Switcher::detach_gave_up() {
  ladder_.leave();
  stuck_ = true;
  phase_ = Phase::settled;
  if (culprit_) retired_.kill(*std::exchange(culprit_, std::nullopt));
  const auto text = fmt::format("the kernel does not let go of {} (state {}); see the kernel log", from_,
                                to_string(parts_.kernel.state().state));
  record({.event = HistoryEvent::stuck, .from = from_, .to = goal_ ? goal_->name() : "", .text = text});
  goal_.reset();
  fail_goal(wish_.choice, {Errc::timeout, text, {}}, {}, {}, false);
  reconcile();
}

// One of ours has attached without being let through: it is made to let go, and whatever is wanted comes after it.
void Switcher::expel(const Lineup::Place& culprit, std::optional<std::uint32_t> link) {
  const Choice choice = culprit.choice;
  auto place = lineup_.take(choice);
  if (attaching_) retired_.kill(std::move(std::exchange(attaching_, std::nullopt)->held));
  goal_.reset();
  deadline_.reset();
  from_ = choice.name();
  phase_ = Phase::detaching;
  words_.forget();
  const std::string text = choice.name() + " attached out of turn, without waiting at the gate";
  auto output = place.held.run->output();
  culprit_ = std::move(place.held);
  strike(choice, *place.image, {Errc::failed, text, {}}, std::move(output),
         {.event = HistoryEvent::out_of_turn, .to = choice.name(), .text = text});
  ladder_.enter(link, culprit_->run.get(), options_.stop_timeout);
}

// --- attaching ---

void Switcher::open_gate() {
  phase_ = Phase::attaching;
  seen_enabling_ = false;
  refused_at_.reset();
  words_.forget();
  gate_opened_ = parts_.clock.now();
  attaching_ = lineup_.take(*goal_);
  if (auto opened = attaching_->held.run->open_gate(); !opened) return attach_failed(opened.error().text);
  deadline_ = parts_.clock.now() + attach_poll;
}

void Switcher::check_attached() {
  const auto now = parts_.clock.now();
  const auto state = parts_.kernel.state().state;
  if (state == ExtState::enabled) {
    const auto links = parts_.kernel.links();
    if (const auto link = link_of(*attaching_->held.run, links)) {
      return attached(*std::exchange(attaching_, std::nullopt), link);
    }
    const auto* culprit = links ? lineup_.owner_of(*links) : nullptr;
    if (culprit != nullptr) return expel(*culprit, links->front().id);
  }
  const bool refused = words_.by_fault() || words_.by_restart();
  if (state == ExtState::disabled && (seen_enabling_ || refused)) {
    // The kernel's words come by another way than its state, and may be a little later.
    if (!refused_at_) refused_at_ = now;
    if (refused && *words_.complete_at() <= now) {
      return attach_failed("the kernel refused it: " + words_.reason(), !words_.by_restart());
    }
    if (now - *refused_at_ >= last_words) return attach_failed("the kernel refused it (see the kernel log)");
  }
  seen_enabling_ |= state != ExtState::disabled;
  if (now - gate_opened_ >= options_.attach_timeout) {
    return attach_failed(fmt::format("not attached within {}", format_duration(options_.attach_timeout)));
  }
  deadline_ = now + attach_poll;
}

void Switcher::attached(Lineup::Place place, std::optional<std::uint32_t> link) {
  const auto now = parts_.clock.now();
  place.held.run->keep_gate_open(true);
  const auto prepare = std::max(place.at_gate - goal_since_, Duration{0});
  const auto attach = now - gate_opened_;
  last_switch_ =
      SwitchRecord{from_, place.choice.name(), goal_cause_, parts_.clock.wall_now(), prepare, detach_took_, attach};
  record({.event = goal_instead_   ? HistoryEvent::rolled_back
                   : restarts_ > 0 ? HistoryEvent::restarted
                                   : HistoryEvent::switched,
          .from = from_,
          .to = place.choice.name(),
          .cause = goal_cause_,
          .prepare = prepare,
          .detach = detach_took_,
          .attach = attach});
  detach_took_ = Duration{0};
  if (last_failure_ && last_failure_->scheduler == place.choice.name()) last_failure_.reset();
  parts_.stop_first.attached(place.image->digest);
  // One that had not passed its probation is still better than nothing to go back to.
  const bool preferred = !replaces_unproved_ || !before_ || !usable(*before_);
  if (ran_ && preferred && !failures_.has(*ran_) && !same_program(*ran_, place.choice)) before_ = ran_;
  ran_ = place.choice;
  lineup_.forgive(place.choice);
  present_ = Present{std::move(place.held), link, now, parts_.kernel.state().ops};
  if (auto begun = probation_.begin(probation_length(place.choice)); !begun) {
    record({.event = HistoryEvent::notice, .to = place.choice.name(), .text = begun.error().text});
  }
  if (!probation_.active()) events_.proved(*(last_good_ = place.choice));
  tell_tenure();
  phase_ = Phase::settled;
  goal_.reset();
  deadline_.reset();
  stranger_.forget();
  reconcile();
}

void Switcher::attach_failed(const std::string& why, bool its_fault) {
  auto place = *std::exchange(attaching_, std::nullopt);
  goal_.reset();
  phase_ = Phase::settled;
  deadline_.reset();
  auto output = place.held.run ? place.held.run->output() : std::vector<std::string>();
  retired_.kill(std::move(place.held));
  if (its_fault || ++restarts_ > most_restarts) {
    const Error error{Errc::failed, fmt::format("{} could not be attached: {}", place.choice.name(), why), {}};
    strike(place.choice, *place.image, error, std::move(output),
           {.event = HistoryEvent::failed,
            .from = from_,
            .to = place.choice.name(),
            .cause = goal_cause_,
            .text = error.text,
            .detach = detach_took_,
            .attach = parts_.clock.now() - gate_opened_});
  }
  reconcile();
}

}  // namespace schedkit
