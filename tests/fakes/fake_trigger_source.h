// A source that says what a test makes it say, and remembers what it was asked to watch.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "core/policy/trigger_source.h"

namespace schedkit::fakes {

class FakeTriggerSource final : public TriggerSource {
 public:
  Result<void> start(const Interests& interests, Sink sink) override {
    ++starts;
    if (error) return fail(*error);
    interests_ = interests;
    sink_ = std::move(sink);
    return {};
  }
  Result<void> watch(const Interests& interests) override {
    ++watches;
    if (on_watch) on_watch();
    if (error) return fail(*error);
    interests_ = interests;
    return {};
  }
  SourceStatus status() const override { return {"fake-trigger", "for tests", delivered_, 0, delivered_}; }

  void tell(const Event& event) {
    ++delivered_;
    sink_(event);
  }
  const Interests& interests() const { return interests_; }

  int starts = 0;
  int watches = 0;
  std::optional<Error> error;
  std::function<void()> on_watch;

 private:
  Interests interests_;
  Sink sink_;
  std::uint64_t delivered_ = 0;
};

}  // namespace schedkit::fakes
