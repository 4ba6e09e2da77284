// Which choices cannot be had now, and until when.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/model.h"

namespace schedkit {

class Failures {
 public:
  // Without `retry` the choice is tried again when something else is wanted or somebody asks for it.
  void add(const Choice& choice, std::string why, std::optional<Instant> retry, bool quarantined) {
    std::erase_if(all_, [&](const Failure& failure) { return same_program(failure.choice, choice); });
    all_.push_back({choice, std::move(why), retry, quarantined});
  }
  bool has(const Choice& choice) const { return find(choice) != nullptr; }
  // Empty when it has not.
  std::string why(const Choice& choice) const { return has(choice) ? find(choice)->why : ""; }
  bool quarantined(const Choice& choice) const { return find(choice) != nullptr && find(choice)->quarantined; }

  void forget_all() { all_.clear(); }
  // Something else is wanted: only what has a time to wait keeps it.
  void forget_untimed() {
    std::erase_if(all_, [](const Failure& failure) { return !failure.retry; });
  }
  // Forgets those whose time has come; true when there were any.
  bool forget_due(Instant now) {
    return std::erase_if(all_, [now](const Failure& failure) { return failure.retry && *failure.retry <= now; }) > 0;
  }
  std::optional<Instant> next() const {
    std::optional<Instant> next;
    for (const auto& failure : all_) {
      if (failure.retry && (!next || *failure.retry < *next)) next = failure.retry;
    }
    return next;
  }

 private:
  struct Failure {
    Choice choice;
    std::string why;
    std::optional<Instant> retry;
    bool quarantined = false;
  };

  const Failure* find(const Choice& choice) const {
    const auto found =
        std::ranges::find_if(all_, [&](const Failure& failure) { return same_program(failure.choice, choice); });
    return found == all_.end() ? nullptr : &*found;
  }

  std::vector<Failure> all_;
};

}  // namespace schedkit
