// What comes to the switcher from outside: kernel, runs, time.
#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/sched/switcher.h"

namespace schedkit {

namespace {

// How long the owner of a scheduler that was detached gets to end by itself, or the kernel to tell why.
constexpr Duration last_words = std::chrono::seconds(1);

}  // namespace

RunObserver Switcher::observer(std::uint64_t tag) {
  return {.at_gate =
              [this, tag] {
                lineup_.on_gate(tag);
                events_.changed();
              },
          .failed =
              [this, tag](Error error) {
                if (attaching_ && attaching_->held.tag == tag) {
                  attaching_->held.run.reset();
                  attach_failed(error.text);
                } else {
                  lineup_.on_failed(tag, std::move(error));
                }
                retired_.forget(tag);
                if (shut_down_done_ && phase_ == Phase::settled) conclude();
                events_.changed();
              },
          .exited = [this, tag](const RunExit& exit) { on_exit(tag, exit); }};
}

// --- those behind the gate ---

Result<void> Switcher::admit(const Choice& choice, Lineup::Role role, const RunnableImage& image) const {
  const auto* record = parts_.strikes.find(image.digest, choice.args);
  if (record == nullptr) return {};
  if (record->quarantined) return fail(Errc::denied, "{}", Strikes::describe(*record));
  const auto wait = parts_.strikes.not_before(image.digest, choice.args) - parts_.clock.now();
  // Those that only stand by are kept back by the lineup and by failures_, not by time.
  const bool asked = role != Lineup::Role::candidate || wish_.commanded || wish_.retry;
  if (asked || wait <= Duration::zero()) return {};
  return fail(Errc::busy, "{} failed before ({}); it is tried again in {}", choice.name(), record->reason,
              format_duration(wait));
}

void Switcher::on_lineup_failure(Lineup::Failure failure) {
  const bool is_goal = failure.role == Lineup::Role::candidate && goal_ && same_program(failure.choice, *goal_);
  if (is_goal) goal_.reset();
  if (is_goal && phase_ == Phase::preparing) phase_ = Phase::settled;
  HistoryEntry entry{.event = is_goal ? HistoryEvent::failed : HistoryEvent::standby,
                     .from = is_goal ? from_ : "",
                     .to = failure.choice.name(),
                     .cause = is_goal ? goal_cause_ : "",
                     .text = failure.error.text};
  if (is_goal) entry.prepare = parts_.clock.now() - goal_since_;
  const bool in_its_way = is_goal && failure.image && !failure.refused &&
                          failure.choice.scheduler->handover == Handover::gate &&
                          parts_.kernel.state().state == ExtState::enabled;
  if (in_its_way && parts_.stop_first.suggested_by(failure.image->digest, failure.output)) {
    entry.event = HistoryEvent::notice;
    entry.text += "; it says that another one is in its way (EBUSY), and is tried by stop-first";
    record(std::move(entry));
  } else if (failure.image && !failure.refused) {
    strike(failure.choice, *failure.image, std::move(failure.error), std::move(failure.output), std::move(entry));
  } else if (is_goal) {
    // Refused for its strikes: it is told as it stands. Else the image is at fault, or CPU hotplug.
    const bool quarantined = failure.error.code == Errc::denied && failure.refused;
    const bool waits = failure.error.code == Errc::busy && failure.refused && failure.image;
    const auto retry =
        waits ? std::optional(parts_.strikes.not_before(failure.image->digest, failure.choice.args)) : std::nullopt;
    record(std::move(entry));
    fail_goal(failure.choice, std::move(failure.error), std::move(failure.output), retry, quarantined);
  } else {
    record(std::move(entry));
  }
  if (phase_ == Phase::settled) reconcile();
  events_.changed();
}

// --- the kernel ---

void Switcher::on_kernel(const std::optional<std::string>& message) {
  if (message) {
    words_.add(*message, parts_.clock.now());
  } else {
    lineup_.on_hotplug();
  }
  switch (phase_) {
    case Phase::settled:
      if (!message) on_kernel_settled();
      break;
    case Phase::preparing:
      if (present_ && parts_.kernel.state().state == ExtState::disabled) {
        present_lost("the kernel detached it");
      } else if (!present_) {
        look_who_attached();
      }
      break;
    case Phase::detaching: look_detached(); break;
    case Phase::attaching: check_attached(); break;
    case Phase::lost: check_lost(); break;
  }
  events_.changed();
}

void Switcher::on_kernel_settled() {
  if (present_) return check_present();
  if (!look_who_attached() && phase_ == Phase::settled) reconcile();
}

// True when it is one of the lineup, which is dealt with. All in here must see the links of one moment: a link that is
// listed only after it was looked for among ours would be found among the strangers'.
bool Switcher::look_who_attached() {
  const auto links = parts_.kernel.links();
  if (check_early_attach(links)) return true;
  look_for_strangers(links);
  return false;
}

// One that attached without the call the gate watches, which works only while nothing is attached, or one that is let
// through (stop-first). If it is the goal, nobody's turn was taken.
bool Switcher::check_early_attach(const SchedulerLinks& links) {
  if (present_ || !links || parts_.kernel.state().state != ExtState::enabled) return false;
  const auto* owner = lineup_.owner_of(*links);
  if (owner == nullptr && links->empty() && phase_ == Phase::preparing) {
    const auto* place = lineup_.find(*goal_);
    if (place == nullptr || place->stage != Lineup::Stage::loading || !place->held.run) return false;
    stranger_.look(links);
    if (stranger_.is_looked_for()) return false;  // the link is only not listed yet
    owner = place;
  }
  if (owner == nullptr) return false;
  stranger_.forget();
  const auto link = links->empty() ? std::nullopt : std::optional(links->front().id);
  if (phase_ != Phase::preparing || !same_program(owner->choice, *goal_)) {
    expel(*owner, link);
    return true;
  }
  gate_opened_ = parts_.clock.now();
  auto place = lineup_.take(*goal_);
  place.at_gate = gate_opened_;
  attached(std::move(place), link);
  return true;
}

void Switcher::look_for_strangers(const SchedulerLinks& links) {
  leaving_ = false;
  const auto kernel = parts_.kernel.state();
  if (kernel.state != ExtState::enabled) return stranger_.forget();
  const auto others = without_ours(links);
  // Only runs of ours have links, and none of them is the present one.
  leaving_ = !present_ && others && others->empty() && !links->empty();
  if (leaving_) return stranger_.forget();
  if (!stranger_.look(others)) return;
  record({.event = HistoryEvent::foreign,
          .from = present_ ? present_->choice().name() : "kernel",
          .to = kernel.ops,
          .text = stranger_.owner()});
}

// Who was not found when he attached may be found now.
void Switcher::look_again() {
  if (phase_ == Phase::settled) return on_kernel_settled();
  if (look_who_attached()) return;
  const auto* place = goal_ ? lineup_.find(*goal_) : nullptr;
  if (place != nullptr && place->stage == Lineup::Stage::at_gate) advance();
}

// --- the present one ---

void Switcher::check_present(bool was_lost) {
  const auto kernel = parts_.kernel.state();
  const auto state = kernel.state;
  if (state == ExtState::disabled && stuck_) {  // it has let go after all
    stuck_ = false;
    failures_.forget_untimed();
    retired_.kill(std::move(present_->held));
    present_.reset();
    reconcile();
  } else if (state == ExtState::disabled) {
    phase_ = Phase::lost;
    lost_since_ = parts_.clock.now();
    check_lost();
  } else if (state == ExtState::enabled) {
    const auto links = parts_.kernel.links();
    auto link = link_of(*present_->held.run, links);
    // Its own old link does not tell that it is what is attached now.
    if (link && link == present_->link && (was_lost || kernel.ops != present_->ops)) link.reset();
    if (link) {
      present_->link = link;
      present_->ops = kernel.ops;
      stranger_.forget();
    } else if (present_->link || kernel.ops != present_->ops) {
      look_for_strangers(links);
    }
    mismatch_ = !stranger_.owner().empty() && !stranger_.is_looked_for();
    if (mismatch_) reconcile();
  }
}

void Switcher::check_lost() {
  const auto now = parts_.clock.now();
  if (parts_.kernel.state().state == ExtState::enabled) {
    phase_ = Phase::settled;
    deadline_.reset();
    check_present(true);
    if (!mismatch_) reconcile();
    return;
  }
  deadline_ = lost_since_ + (words_.by_restart() ? options_.attach_timeout : last_words);
  if (words_.by_fault()) deadline_ = std::min(*deadline_, *words_.complete_at());
  if (*deadline_ <= now) present_lost("the kernel detached it");
}

void Switcher::present_lost(const std::string& why) {
  auto present = *std::exchange(present_, std::nullopt);
  const auto request = present.request();
  const bool displaced = std::exchange(mismatch_, false);
  const bool on_probation = probation_.active();
  auto output = present.held.run->output();
  // A child that outlived it may still hold the link.
  const auto link = present.held.ended && !displaced ? link_of(*present.held.run, parts_.kernel.links()) : std::nullopt;
  if (link) {
    if (phase_ == Phase::preparing) abandon_goal();
    phase_ = Phase::detaching;
    from_ = request.choice.name();
    culprit_ = std::move(present.held);
  } else {
    retired_.kill(std::move(present.held));
  }
  probation_.end();
  if (phase_ == Phase::lost) {
    phase_ = Phase::settled;
    deadline_.reset();
  }
  HistoryEntry entry{.event = HistoryEvent::lost,
                     .from = request.choice.name(),
                     .text = fmt::format("{}: {}", request.choice.name(), why),
                     .ran = parts_.clock.now() - present.attached_at};
  if (words_.by_fault() || words_.by_restart()) entry.text += "; kernel: " + words_.reason();
  if (link) entry.text += "; a process that it left behind held it attached";
  if (on_probation) entry.text += " (on probation)";
  const bool restart = words_.by_restart() && restarts_++ < most_restarts;
  if (displaced || restart || present.condemned) {
    record(std::move(entry));
  } else {
    Error error{Errc::failed, entry.text, {}};
    strike(request.choice, request.image, std::move(error), std::move(output), std::move(entry));
  }
  if (link) return ladder_.enter(link, nullptr, options_.stop_timeout);
  if (phase_ == Phase::settled) reconcile();
}

// It stays attached until the way back stands at the gate: a scheduler under pressure is better than none.
void Switcher::probation_failed(const std::string& why) {
  if (!present_ || shut_down_done_) return;
  present_->condemned = true;
  const auto& request = present_->request();
  const std::string text = fmt::format("{}: {}", request.choice.name(), why);
  strike(request.choice, request.image, {Errc::failed, text, {}}, present_->held.run->output(),
         {.event = HistoryEvent::failed,
          .to = request.choice.name(),
          .text = text,
          .ran = parts_.clock.now() - present_->attached_at});
  if (phase_ == Phase::settled) reconcile();
  events_.changed();
}

// --- ends and time ---

void Switcher::on_exit(std::uint64_t tag, const RunExit& exit) {
  if (attaching_ && attaching_->held.tag == tag) {
    attaching_->held.ended = true;
    const std::string reason = words_.reason();
    attach_failed(exit.describe() + (reason.empty() ? "" : "; kernel: " + reason), !words_.by_restart());
  } else if (present_ && present_->held.tag == tag) {
    present_->held.ended = true;
    if (phase_ == Phase::detaching) {
      look_detached();
    } else {
      present_lost(exit.describe());
    }
  } else if (culprit_ && culprit_->tag == tag) {
    culprit_->ended = true;
    look_detached();
  } else {
    lineup_.on_exit(tag, exit);
  }
  retired_.forget(tag);
  if (leaving_ && phase_ == Phase::settled && !shut_down_done_) on_kernel_settled();
  if (shut_down_done_ && phase_ == Phase::settled) conclude();
  events_.changed();
}

void Switcher::tick() {
  const auto now = parts_.clock.now();
  lineup_.tick();
  if (phase_ == Phase::detaching) {
    ladder_.tick();
    look_detached();
  }
  if (deadline_ && *deadline_ <= now) {
    if (phase_ == Phase::attaching) {
      check_attached();
    } else if (phase_ == Phase::lost) {
      check_lost();
    } else if (shut_down_done_ && phase_ == Phase::settled) {
      conclude();
    }
  }
  const bool resting = phase_ == Phase::settled || phase_ == Phase::preparing;
  if (resting && !shut_down_done_ && stranger_.again() && *stranger_.again() <= now) look_again();
  const bool watched = phase_ == Phase::settled || phase_ == Phase::preparing;
  if (watched && probation_.passed()) {
    probation_.end();
    restarts_ = 0;
    const auto& request = present_->request();
    parts_.strikes.forgive(request.image.digest, request.choice.args);
    record({.event = HistoryEvent::passed, .to = request.choice.name(), .ran = now - present_->attached_at});
    events_.proved(*(last_good_ = request.choice));
    tell_tenure();
    if (phase_ == Phase::settled) line_up();
  }
  if (failures_.forget_due(now) && phase_ == Phase::settled) reconcile();
  events_.changed();
}

}  // namespace schedkit
