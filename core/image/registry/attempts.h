// Private to core/image/registry: the same request at one endpoint after the other, and again later when that may help.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/image/registry/context.h"
#include "core/loop/timer.h"

namespace schedkit::registry {

// Why an attempt gave nothing.
struct Failure {
  Error error;
  std::optional<Duration> retry_after = {};
};
template <class T>
using Outcome = tl::expected<T, Failure>;

// From an answer whose status was not the wanted one; `what` names what was asked for.
Failure failure_of(const Context& context, const HttpAnswer& answer, const std::string& what);

inline bool worth_another_try(const Error& error) { return retryable(error) || error.code == Errc::busy; }

// "registry: why; mirror M: why".
Error join_errors(Error last, const std::vector<std::string>& others);

template <class T>
class Attempts final : public RegistryCall {
 public:
  using Done = std::function<void(Result<T>)>;
  using Settle = std::function<void(Outcome<T>)>;
  // Asks one endpoint and settles later. What it returns is destroyed when it settled or is no longer wanted.
  using Attempt = std::function<RegistryCallPtr(Session& session, Settle settle)>;

  Attempts(Context& context, Result<std::vector<Endpoint>> endpoints, Attempt attempt, Done done)
      : context_(context), attempt_(std::move(attempt)), done_(std::move(done)), timer_(context.loop) {
    if (endpoints) {
      endpoints_ = std::move(*endpoints);
      timer_.set(Duration::zero(), [this] { ask(); });
    } else {
      timer_.set(Duration::zero(), [this, error = std::move(endpoints.error())] { finish(fail(error)); });
    }
  }

 private:
  void finish(Result<T> result) {
    const auto done = std::move(done_);
    done(std::move(result));
  }

  void ask() {
    Session& session = context_.session(endpoints_[at_]);
    call_ = attempt_(session, [this](Outcome<T> outcome) { take(std::move(outcome)); });
  }

  void take(Outcome<T> outcome) {
    if (outcome) return finish(std::move(*outcome));
    Failure& failure = outcome.error();
    if (failure.retry_after) wait_at_least_ = failure.retry_after;
    busy_ = busy_ || failure.error.code == Errc::busy;
    if (at_ + 1 < endpoints_.size()) {  // a mirror: the next one knows better
      others_.push_back("mirror " + failure.error.text);
      ++at_;
      return ask();
    }
    ++failed_rounds_;
    const auto wait = worth_another_try(failure.error) ? retry_wait(context_.hooks.retry, failed_rounds_, busy_,
                                                                    wait_at_least_, context_.hooks.random())
                                                       : std::nullopt;
    if (!wait) return finish(fail(join_errors(std::move(failure.error), others_)));
    at_ = 0;
    others_.clear();
    wait_at_least_.reset();
    busy_ = false;
    timer_.set(*wait, [this] { ask(); });
  }

  Context& context_;
  std::vector<Endpoint> endpoints_;
  Attempt attempt_;
  Done done_;
  Timer timer_;
  RegistryCallPtr call_;
  std::size_t at_ = 0;
  unsigned failed_rounds_ = 0;
  bool busy_ = false;
  std::optional<Duration> wait_at_least_;
  std::vector<std::string> others_;  // of this round
};

}  // namespace schedkit::registry
