// At most so many at a time; the others wait in order. Everything on the loop thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

namespace schedkit {

class Turns {
 public:
  // The turn lasts until its last copy is gone, which may be after the Turns.
  using Turn = std::shared_ptr<void>;

  explicit Turns(std::size_t most) : state_(std::make_shared<State>(State{most, {}})) {}

  // `go` may be called at once.
  void ask(std::function<void(Turn)> go) {
    state_->waiting.push_back(std::move(go));
    next(state_);
  }

 private:
  struct State {
    std::size_t free;
    std::deque<std::function<void(Turn)>> waiting;
  };

  static void next(const std::shared_ptr<State>& state) {
    if (state->free == 0 || state->waiting.empty()) return;
    --state->free;
    auto go = std::move(state->waiting.front());
    state->waiting.pop_front();
    go(Turn(nullptr, [state](void*) {
      ++state->free;
      next(state);
    }));
  }

  std::shared_ptr<State> state_;
};

}  // namespace schedkit
