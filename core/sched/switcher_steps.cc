// The switcher's steps from one phase to the next; the table is in switcher.h.
#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/sched/switcher.h"

namespace schedkit {

namespace {

// How often the state is read while an attach call is let through: a refused attach sends no event.
constexpr Duration attach_poll = std::chrono::milliseconds(5);

// How long the owner of an ejected scheduler gets to end by itself, so that its exit and last words can be told.
constexpr Duration last_words = std::chrono::seconds(1);

constexpr int most_hotplug_retries = 5;

// Kernel wording for exit kind SCX_EXIT_UNREG (our own detach) and SCX_EXIT_UNREG_KERN (CPU hotplug).
constexpr std::string_view by_user = "unregistered from user space";
constexpr std::string_view by_kernel = "unregistered from the main kernel";

}  // namespace

// --- preparing ---

void Switcher::prepare(const Choice& choice) {
  messages_.clear();
  if (kernel_.state().state == ExtState::unsupported) {
    record_failure(choice, {Errc::unsupported, "this kernel has no sched_ext (CONFIG_SCHED_CLASS_EXT)", {}}, {});
    return;
  }
  phase_ = Phase::preparing;
  detach_took_ = Duration{0};
  candidate_.emplace();
  candidate_->choice = choice;
  candidate_->begun = clock_.now();
  const auto tag = candidate_->held.tag = ++last_tag_;
  const auto& own = choice.scheduler->load_timeout;
  deadline_ = clock_.now() + (own > Duration::zero() ? own : options_.load_timeout);
  images_.prepare(choice.scheduler->image, [this, tag, alive = std::weak_ptr(alive_)](Result<RunnableImage> image) {
    if (!alive.expired()) on_image(tag, std::move(image));
  });
}

void Switcher::on_image(std::uint64_t tag, Result<RunnableImage> image) {
  if (!candidate_ || candidate_->held.tag != tag) return;
  if (!image) {
    drop_candidate(std::move(image.error()));
  } else {
    candidate_->image = std::move(*image);
    const bool stop_first = candidate_->choice.scheduler->handover == Handover::stop_first;
    if (stop_first && kernel_.state().state != ExtState::disabled) {
      detach();
    } else {
      start_candidate();
    }
  }
  changed_();
}

void Switcher::start_candidate() {
  auto& candidate = *candidate_;
  candidate.hotplug_seq = kernel_.state().hotplug_seq;
  candidate.held.run = runner_.start({candidate.choice, *candidate.image}, observer(candidate.held.tag));
  if (candidate.choice.scheduler->handover == Handover::stop_first) candidate.held.run->keep_gate_open(true);
}

void Switcher::drop_candidate(Error why) {
  auto candidate = std::exchange(candidate_, std::nullopt);
  auto output = candidate->held.run ? candidate->held.run->output() : std::vector<std::string>();
  retire(std::move(candidate->held));
  phase_ = Phase::settled;
  deadline_.reset();
  record_failure(candidate->choice, std::move(why), std::move(output));
  reconcile();
}

void Switcher::on_gate(std::uint64_t tag) {
  if (candidate_ && candidate_->held.tag == tag && phase_ == Phase::preparing) candidate_ready();
  changed_();
}

void Switcher::candidate_ready() {
  auto& candidate = *candidate_;
  // The kernel would take this attach and undo it at once: sched_ext_ops.hotplug_seq is of the time of loading.
  if (kernel_.state().hotplug_seq != candidate.hotplug_seq) {
    const Choice choice = candidate.choice;
    if (++hotplug_retries_ > most_hotplug_retries) {
      return drop_candidate({Errc::busy, "CPUs keep going on- and offline while it loads", {}});
    }
    retire(std::move(candidate.held));
    candidate_.reset();
    return prepare(choice);
  }
  candidate.at_gate = clock_.now();
  if (kernel_.state().state == ExtState::disabled) {
    open_gate();
  } else if (blocked_by_foreign()) {
    drop_candidate({Errc::busy, "a scheduler that schedkit does not manage was attached meanwhile", {}});
  } else {
    detach();
  }
}

// A candidate that is let through (stop-first), or one that attaches without the call the gate watches, which works
// only while nothing is attached.
void Switcher::check_early_attach() {
  if (present_ || !candidate_->held.run || kernel_.state().state != ExtState::enabled) return;
  const auto links = kernel_.links();
  if (!links) return;
  if (const auto own = link_of(*candidate_->held.run)) {
    gate_opened_ = candidate_->at_gate = clock_.now();
    attached(own);
  } else if (links->empty()) {
    gate_opened_ = candidate_->at_gate = clock_.now();
    attached(std::nullopt);
  }
}

void Switcher::on_run_failed(std::uint64_t tag, Error error) {
  if (candidate_ && candidate_->held.tag == tag) {
    candidate_->held.run.reset();
    if (phase_ == Phase::attaching) {
      attach_failed(error.text);
    } else if (phase_ == Phase::preparing) {
      drop_candidate(std::move(error));
    }
  }
  std::erase_if(retiring_, [&](const Held& held) { return held.tag == tag; });
  if (shut_down_done_ && phase_ == Phase::settled) conclude();
  changed_();
}

// --- detaching ---

void Switcher::detach() {
  phase_ = Phase::detaching;
  detach_begun_ = clock_.now();
  messages_.clear();
  if (present_) present_->run->keep_gate_open(false);
  climb(Rung::link);
}

void Switcher::climb(Rung rung) {
  rung_ = rung;
  deadline_ = clock_.now() + options_.stop_timeout;
  switch (rung) {
    case Rung::link: {
      std::optional<std::uint32_t> id = present_ ? present_->link : std::nullopt;
      if (!present_) {
        const auto links = kernel_.links();
        if (links && !links->empty()) id = links->front().id;
      }
      if (!id) return climb(present_ ? Rung::stop_signal : Rung::eject);
      kernel_.detach(*id, [this, alive = std::weak_ptr(alive_)](const Result<void>& done) {
        if (alive.expired() || phase_ != Phase::detaching || rung_ != Rung::link) return;
        if (kernel_.state().state == ExtState::disabled) {
          detached();
        } else if (!done) {
          climb(present_ ? Rung::stop_signal : Rung::eject);
        }
        changed_();
      });
      return;
    }
    case Rung::stop_signal: present_->run->stop(options_.stop_timeout); return;
    case Rung::kill: present_->run->kill(); return;
    case Rung::eject:
      if (!kernel_.eject()) detach_gave_up();
      return;
  }
}

void Switcher::detached() {
  detach_took_ = clock_.now() - detach_begun_;
  deadline_.reset();
  mismatch_ = false;
  if (present_) {
    before_ = present_->run->request().choice;
    retire(std::move(*present_));
    present_.reset();
  } else {
    before_.reset();
  }
  const bool still_wanted = candidate_ && !shut_down_done_ && same_program(candidate_->choice, wish_.choice);
  if (candidate_ && (still_wanted || shut_down_done_)) {
    if (candidate_->held.run) return open_gate();
    phase_ = Phase::preparing;
    return start_candidate();
  }
  if (candidate_) {
    retire(std::move(candidate_->held));
    candidate_.reset();
  } else {
    last_switch_ =
        SwitchRecord{from_, "kernel", wish_.cause, clock_.wall_now(), Duration{0}, detach_took_, Duration{0}};
  }
  phase_ = Phase::settled;
  reconcile();
}

void Switcher::detach_gave_up() {
  const auto state = kernel_.state();
  Error error{
      Errc::timeout, fmt::format("the kernel does not let go of {} (state {})", from_, to_string(state.state)), {}};
  if (candidate_) return drop_candidate(std::move(error));
  phase_ = Phase::settled;
  deadline_.reset();
  record_failure(wish_.choice, std::move(error), {});
}

// --- attaching ---

void Switcher::open_gate() {
  phase_ = Phase::attaching;
  seen_enabling_ = false;
  refused_at_.reset();
  messages_.clear();
  gate_opened_ = clock_.now();
  if (auto opened = candidate_->held.run->open_gate(); !opened) return attach_failed(opened.error().text);
  deadline_ = clock_.now() + attach_poll;
}

void Switcher::check_attached() {
  const auto state = kernel_.state().state;
  if (state == ExtState::enabled) {
    if (const auto link = link_of(*candidate_->held.run)) return attached(link);
  }
  const std::string reason = kernel_reason();
  const bool refused = !reason.empty() && reason != by_user;
  if (state == ExtState::disabled && (seen_enabling_ || refused)) {
    // The kernel's words come by another way than its state, and may be a little later.
    if (!refused_at_) refused_at_ = clock_.now();
    if (refused) return attach_failed("the kernel refused it: " + reason);
    if (clock_.now() - *refused_at_ >= last_words) return attach_failed("the kernel refused it (see the kernel log)");
  }
  seen_enabling_ |= state != ExtState::disabled;
  if (clock_.now() - gate_opened_ >= options_.attach_timeout) {
    return attach_failed(fmt::format("not attached within {}", format_duration(options_.attach_timeout)));
  }
  deadline_ = clock_.now() + attach_poll;
}

void Switcher::attached(std::optional<std::uint32_t> link) {
  auto candidate = std::exchange(candidate_, std::nullopt);
  candidate->held.link = link;
  candidate->held.run->keep_gate_open(true);
  last_switch_ = SwitchRecord{
      from_,        candidate->choice.name(),   wish_.cause, clock_.wall_now(), candidate->at_gate - candidate->begun,
      detach_took_, clock_.now() - gate_opened_};
  detach_took_ = Duration{0};
  if (last_failure_ && last_failure_->scheduler == candidate->choice.name()) last_failure_.reset();
  present_ = std::move(candidate->held);
  phase_ = Phase::settled;
  deadline_.reset();
  foreign_owner_.clear();
  reconcile();
}

void Switcher::attach_failed(const std::string& why) {
  drop_candidate({Errc::failed, fmt::format("{} could not be attached: {}", candidate_->choice.name(), why), {}});
}

// --- settled: the present one, and strangers ---

std::optional<std::uint32_t> Switcher::link_of(const Run& run) const {
  const auto links = kernel_.links();
  if (!links) return std::nullopt;
  for (const auto& link : *links) {
    if (std::ranges::any_of(link.owners, [&](std::int32_t owner) { return run.owns(owner); })) return link.id;
  }
  return std::nullopt;
}

void Switcher::look_for_foreign() {
  foreign_owner_.clear();
  if (kernel_.state().state != ExtState::enabled) return;
  const auto links = kernel_.links();
  if (!links || links->empty()) {
    foreign_owner_ = "somebody without a link";
  } else if (links->front().owners.empty()) {
    foreign_owner_ = fmt::format("pinned link {}", links->front().id);
  } else {
    foreign_owner_ = fmt::format("process {}", links->front().owners.front());
  }
}

void Switcher::check_present() {
  const auto state = kernel_.state().state;
  if (state == ExtState::disabled) {
    phase_ = Phase::lost;
    lost_since_ = clock_.now();
    check_lost();
  } else if (state == ExtState::enabled) {
    const auto link = link_of(*present_->run);
    mismatch_ = !link && present_->link;
    if (link) present_->link = link;
    if (mismatch_) look_for_foreign();
  }
}

void Switcher::check_lost() {
  const auto state = kernel_.state().state;
  if (state == ExtState::enabled) {
    if (const auto link = link_of(*present_->run)) {
      present_->link = link;
      phase_ = Phase::settled;
      deadline_.reset();
      reconcile();
      return;
    }
  }
  deadline_ = lost_since_ + (kernel_reason() == by_kernel ? options_.attach_timeout : last_words);
  if (*deadline_ <= clock_.now()) present_lost("the kernel detached it");
}

void Switcher::present_lost(const std::string& why) {
  auto held = std::exchange(present_, std::nullopt);
  const Choice choice = held->run->request().choice;
  const std::string reason = kernel_reason();
  held->link.reset();
  auto output = held->run->output();
  retire(std::move(*held));
  mismatch_ = false;
  if (phase_ == Phase::lost) {
    phase_ = Phase::settled;
    deadline_.reset();
  }
  const bool restart = reason == by_kernel && restarts_++ < most_hotplug_retries;
  if (!restart) {
    const bool told = !reason.empty() && reason != by_user;
    record_failure(
        choice,
        {Errc::failed, fmt::format("{}: {}{}{}", choice.name(), why, told ? "; kernel: " : "", told ? reason : ""), {}},
        std::move(output));
  }
  if (phase_ == Phase::settled) reconcile();
}

// --- what is told to us ---

void Switcher::on_kernel(const std::optional<std::string>& message) {
  if (message) {
    if (messages_.size() >= 32) messages_.erase(messages_.begin());
    messages_.push_back(*message);
  }
  switch (phase_) {
    case Phase::settled:
      if (present_) {
        if (!message) check_present();
      } else if (!message) {
        look_for_foreign();
        reconcile();
      }
      break;
    case Phase::preparing:
      if (present_ && kernel_.state().state == ExtState::disabled) {
        present_lost("the kernel detached it");
      } else {
        check_early_attach();
      }
      break;
    case Phase::detaching:
      if (kernel_.state().state == ExtState::disabled) detached();
      break;
    case Phase::attaching: check_attached(); break;
    case Phase::lost: check_lost(); break;
  }
  changed_();
}

void Switcher::on_exit(std::uint64_t tag, const RunExit& exit) {
  if (candidate_ && candidate_->held.tag == tag) {
    const std::string text = fmt::format("{} {}", candidate_->choice.name(), exit.describe());
    if (phase_ == Phase::attaching) {
      const std::string reason = kernel_reason();
      attach_failed(exit.describe() + (reason.empty() ? "" : "; kernel: " + reason));
    } else if (phase_ == Phase::preparing) {
      drop_candidate({Errc::failed, text + " before it attached", {}});
    } else {
      // While the old one is being detached: what follows finds no run and prepares or falls back.
      failed_.push_back(candidate_->choice);
      last_failure_ = FailureRecord{candidate_->choice.name(), text + " at the gate", clock_.wall_now(),
                                    candidate_->held.run->output()};
      candidate_.reset();
    }
  } else if (present_ && present_->tag == tag) {
    if (phase_ == Phase::detaching) {
      if (kernel_.state().state == ExtState::disabled) detached();
    } else {
      present_lost(exit.describe());
    }
  }
  std::erase_if(retiring_, [&](const Held& held) { return held.tag == tag; });
  if (shut_down_done_ && phase_ == Phase::settled) conclude();
  changed_();
}

void Switcher::tick() {
  if (!deadline_ || clock_.now() < *deadline_) return;
  switch (phase_) {
    case Phase::settled:
      if (shut_down_done_) conclude();
      break;
    case Phase::preparing: {
      const auto& own = candidate_->choice.scheduler->load_timeout;
      drop_candidate({Errc::timeout,
                      fmt::format("{} did not reach the attach gate within {}", candidate_->choice.name(),
                                  format_duration(own > Duration::zero() ? own : options_.load_timeout)),
                      {}});
      break;
    }
    case Phase::detaching:
      if (kernel_.state().state == ExtState::disabled) {
        detached();
      } else if (rung_ == Rung::eject) {
        detach_gave_up();
      } else if (!present_) {
        climb(Rung::eject);
      } else {
        climb(static_cast<Rung>(static_cast<int>(rung_) + 1));
      }
      break;
    case Phase::attaching: check_attached(); break;
    case Phase::lost: check_lost(); break;
  }
  changed_();
}

}  // namespace schedkit
