// The switcher's choices: wishes, goals, what is told to whom. Its steps are in switcher_steps.cc.
#include "core/sched/switcher.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace schedkit {

Switcher::Switcher(const Clock& clock, Kernel& kernel, Runner& runner, ImageProvider& images,
                   std::function<void()> changed)
    : clock_(clock), kernel_(kernel), runner_(runner), images_(images), changed_(std::move(changed)) {
  kernel_.on_change([this](const std::optional<std::string>& message) { on_kernel(message); });
}

Switcher::~Switcher() { kernel_.on_change({}); }

RunObserver Switcher::observer(std::uint64_t tag) {
  return {.at_gate = [this, tag] { on_gate(tag); },
          .failed = [this, tag](Error error) { on_run_failed(tag, std::move(error)); },
          .exited = [this, tag](const RunExit& exit) { on_exit(tag, exit); }};
}

void Switcher::adopt() {
  std::map<std::string, std::uint64_t> tags;
  auto runs = runner_.adopt([&](const std::string& id) { return observer(tags[id] = ++last_tag_); });
  const bool enabled = kernel_.state().state == ExtState::enabled;
  for (auto& run : runs) {
    Held held{tags[run->id()], std::move(run), {}};
    held.link = enabled ? link_of(*held.run) : std::nullopt;
    if (!held.link) {
      retire(std::move(held));
      continue;
    }
    held.run->keep_gate_open(true);
    wish_.choice = held.run->request().choice;
    present_ = std::move(held);
  }
  changed_();
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
  if (wish.commanded || wish.retry || !same_program(wish.choice, wish_.choice)) {
    failed_.clear();
    restarts_ = 0;
  }
  wish_ = std::move(wish);
  hotplug_retries_ = 0;
  if (phase_ == Phase::preparing && !same_program(candidate_->choice, wish_.choice)) {
    retire(std::move(candidate_->held));
    candidate_.reset();
    phase_ = Phase::settled;
    deadline_.reset();
  }
  if (phase_ == Phase::settled) reconcile();
  changed_();
}

bool Switcher::has_failed(const Choice& choice) const {
  return std::ranges::any_of(failed_, [&](const auto& failed) { return same_program(failed, choice); });
}

bool Switcher::satisfied(const Choice& choice) const {
  const bool enabled = kernel_.state().state == ExtState::enabled;
  const bool give_way = !wish_.commanded && !options_.replace_foreign;
  if (!choice.is_kernel()) {
    return enabled && present_ && (!mismatch_ || give_way) && same_program(present_->run->request().choice, choice);
  }
  if (present_) return false;
  return !enabled || blocked_by_foreign();
}

bool Switcher::blocked_by_foreign() const {
  return !present_ && !wish_.commanded && !options_.replace_foreign && kernel_.state().state == ExtState::enabled;
}

std::optional<Choice> Switcher::next_goal() const {
  if (blocked_by_foreign()) return std::nullopt;
  if (!has_failed(wish_.choice)) return satisfied(wish_.choice) ? std::nullopt : std::optional(wish_.choice);
  if (present_ || kernel_.state().state == ExtState::enabled) return std::nullopt;
  if (before_ && !before_->is_kernel() && !has_failed(*before_)) return before_;
  if (!wish_.fallback.is_kernel() && !has_failed(wish_.fallback)) return wish_.fallback;
  return std::nullopt;
}

Result<void> Switcher::outcome() const {
  if (satisfied(wish_.choice)) return {};
  if (blocked_by_foreign()) return fail(Errc::busy, "a scheduler that schedkit does not manage is attached");
  return fail(Errc::failed, "{}", last_failure_ ? last_failure_->text : "it failed before");
}

// Only called when settled.
void Switcher::reconcile() {
  if (shut_down_done_) return conclude();
  const auto goal = next_goal();
  if (!goal) {
    if (wish_.done) std::exchange(wish_.done, nullptr)(outcome());
    return;
  }
  if (mismatch_) {  // the present one is not attached any more: whoever is counts as foreign
    mismatch_ = false;
    present_->link.reset();
    retire(std::move(*present_));
    present_.reset();
    return reconcile();
  }
  from_ = present_ ? present_->run->request().choice.name() : kernel_.state().ops;
  if (from_.empty()) from_ = "kernel";
  if (goal->is_kernel()) {
    detach();
  } else {
    prepare(*goal);
  }
}

void Switcher::shut_down(std::function<void()> done) {
  shut_down_done_ = std::move(done);
  if (auto waiting = std::exchange(wish_.done, nullptr)) waiting(fail(Errc::cancelled, "schedkitd is ending"));
  if (phase_ == Phase::preparing) {
    retire(std::move(candidate_->held));
    candidate_.reset();
  }
  if (phase_ == Phase::preparing || phase_ == Phase::lost) {
    phase_ = Phase::settled;
    deadline_.reset();
  }
  if (phase_ == Phase::settled) conclude();
}

// The end of a shutdown: what is attached stays, what was asked to end gets the time to do so.
void Switcher::conclude() {
  if (!retiring_.empty()) {
    if (!deadline_) deadline_ = shut_down_by_ = clock_.now() + options_.stop_timeout;
    if (clock_.now() < shut_down_by_) return;
  }
  deadline_.reset();
  retiring_.clear();
  if (present_) present_->run->abandon();
  if (auto done = std::exchange(shut_down_done_, [] {})) done();
}

std::optional<Instant> Switcher::deadline() const { return deadline_; }

void Switcher::record_failure(const Choice& choice, Error error, std::vector<std::string> output) {
  if (!has_failed(choice)) failed_.push_back(choice);
  last_failure_ = FailureRecord{choice.name(), error.text, clock_.wall_now(), std::move(output)};
  if (wish_.done && same_program(choice, wish_.choice)) std::exchange(wish_.done, nullptr)(fail(std::move(error)));
}

void Switcher::retire(Held held) {
  if (!held.run) return;
  held.run->keep_gate_open(false);
  // What never attached is in nobody's way, but nothing of it is worth waiting for either.
  if (held.link) {
    held.run->stop(options_.stop_timeout);
  } else {
    held.run->kill();
  }
  retiring_.push_back(std::move(held));
}

namespace {

// The kernel's own words for `what` in "sched_ext: BPF scheduler "NAME" disabled (REASON)".
std::optional<std::string> reason_in(const std::string& message) {
  const auto at = message.find(" disabled (");
  if (at == std::string::npos || message.find("BPF scheduler \"") == std::string::npos) return std::nullopt;
  const auto begin = at + std::string_view(" disabled (").size();
  return message.substr(begin, message.rfind(')') - begin);
}

}  // namespace

std::string Switcher::kernel_reason() const {
  std::string text;
  for (const auto& message : messages_) {
    if (const auto reason = reason_in(message)) {
      text = *reason;
    } else if (!text.empty() && message.find("BPF scheduler \"") == std::string::npos) {
      // "sched_ext: NAME: what happened"
      const auto name = message.find(": ");
      const auto detail = name == std::string::npos ? name : message.find(": ", name + 2);
      if (detail != std::string::npos && text.size() < 300) text += "; " + message.substr(detail + 2);
    }
  }
  return text;
}

RunStatus Switcher::describe_run(const Run& run, std::string phase) const {
  const auto& request = run.request();
  return {.name = request.choice.name(),
          .id = run.id(),
          .image = request.image.reference,
          .digest = request.image.digest,
          .mode = request.choice.mode,
          .args = request.choice.args,
          .pid = run.pid(),
          .started = clock_.wall_now() - (clock_.now() - run.started()),
          .phase = std::move(phase)};
}

void Switcher::describe(Status& status) const {
  const auto kernel = kernel_.state();
  const bool enabled = kernel.state == ExtState::enabled;
  status.kernel = {kernel.state != ExtState::unsupported, std::string(to_string(kernel.state)), kernel.ops,
                   kernel.enable_seq};
  if (present_) status.current = describe_run(*present_->run, enabled && !mismatch_ ? "attached" : "detached");
  if (candidate_ && candidate_->held.run) {
    status.candidate = describe_run(*candidate_->held.run, phase_ == Phase::attaching              ? "attaching"
                                                           : candidate_->held.run->waits_at_gate() ? "at the gate"
                                                                                                   : "loading");
  } else if (candidate_) {
    status.candidate.emplace();
    status.candidate->name = candidate_->choice.name();
    status.candidate->image = candidate_->choice.scheduler->image;
    status.candidate->mode = candidate_->choice.mode;
    status.candidate->args = candidate_->choice.args;
    status.candidate->phase = "unpacking";
  }
  if (enabled) status.foreign_owner = foreign_owner_;
  status.last_switch = last_switch_;
  status.last_failure = last_failure_;
  if (!status.kernel.supported) {
    status.state = SystemState::unsupported;
  } else if (phase_ == Phase::detaching || phase_ == Phase::attaching) {
    status.state = SystemState::handing_over;
  } else if (phase_ == Phase::preparing) {
    status.state = SystemState::preparing;
  } else if (present_) {
    status.state = !enabled    ? SystemState::managed_detached
                   : mismatch_ ? SystemState::managed_mismatch
                               : SystemState::running;
  } else {
    status.state = enabled ? SystemState::foreign : SystemState::idle;
  }
}

}  // namespace schedkit
