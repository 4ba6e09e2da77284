#include "core/sched/stop_ladder.h"

#include <utility>

namespace schedkit {

StopLadder::StopLadder(const Clock& clock, Kernel& kernel, std::function<void()> returned)
    : clock_(clock), kernel_(kernel), returned_(std::move(returned)) {}

void StopLadder::enter(std::optional<std::uint32_t> link, Run* run, Duration patience) {
  link_ = link;
  run_ = run;
  patience_ = patience;
  entered_ = clock_.now();
  here_ = std::make_shared<const int>(0);
  climb(link ? Rung::link : after(Rung::link));
}

void StopLadder::leave() {
  here_.reset();
  deadline_.reset();
  run_ = nullptr;
}

StopLadder::Rung StopLadder::after(Rung rung) const {
  if (rung == Rung::link && run_ == nullptr) return Rung::eject;
  return rung == Rung::end ? rung : static_cast<Rung>(static_cast<int>(rung) + 1);
}

void StopLadder::climb(Rung rung) {
  rung_ = rung;
  deadline_ = clock_.now() + patience_;
  switch (rung) {
    case Rung::link: return detach();
    case Rung::stop_signal: return run_->stop(patience_);
    case Rung::kill: return run_->kill();
    case Rung::eject:
      if (!kernel_.eject()) climb(Rung::end);
      return;
    case Rung::end: deadline_ = clock_.now(); return;
  }
}

void StopLadder::detach() {
  kernel_.detach(*link_, [this, here = std::weak_ptr(here_)](const Result<void>& done) {
    if (here.expired()) return;
    const bool refused = !done && rung_ == Rung::link && kernel_.state().state != ExtState::disabled;
    if (refused) climb(after(Rung::link));
    returned_();
  });
}

void StopLadder::tick() {
  if (deadline_ && *deadline_ <= clock_.now() && rung_ != Rung::end) climb(after(rung_));
}

}  // namespace schedkit
