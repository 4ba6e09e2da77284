// A daemon's brain for tests: answers what it is told to and remembers what was asked.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/bus/controls.h"

namespace schedkit {

class FakeControls final : public Controls {
 public:
  const Policy& policy() const override { return policies; }
  Status status() const override { return picture; }
  Explanation explain() const override { return explanation; }

  std::vector<HistoryEntry> history(std::size_t count) const override {
    return {past.end() - static_cast<std::ptrdiff_t>(std::min(count, past.size())), past.end()};
  }
  std::size_t clear_quarantine(const std::string& which) override {
    cleared.push_back(which);
    return which == "nobody" ? 0 : 2;
  }
  void run(RunCommand command, Done done) override {
    runs.push_back(std::move(command));
    finish(std::move(done));
  }
  void stop(std::string by, Done done) override {
    callers.push_back(std::move(by));
    finish(std::move(done));
  }
  void set_watcher(Watcher* told) override { watcher = told; }
  SimulatedSnapshot snapshot() const override { return standing; }
  void go_automatic(Done done) override {
    ++automatic;
    finish(std::move(done));
  }
  void hold(HoldCommand command, std::function<void(std::uint32_t)> made, HoldDone done) override {
    if (command.scheduler == "nobody") return done(0, fail(Errc::not_found, "nobody is no scheduler"));
    const auto id = ++last_hold;
    made(id);
    picture.holds.push_back({id, command.scheduler, command.mode, command.by, command.reason});
    finish([this, id, done = std::move(done)](Result<void> result) {
      if (!result) std::erase_if(picture.holds, [id](const HoldStatus& other) { return other.id == id; });
      done(id, std::move(result));
    });
  }
  void release_hold(std::uint32_t id) override {
    std::erase_if(picture.holds, [id](const HoldStatus& other) { return other.id == id; });
    released.push_back(id);
  }
  void reload(Done done) override {
    ++reloads;
    finish(std::move(done));
  }

  Status picture;
  Explanation explanation;
  std::vector<HistoryEntry> past;
  std::vector<std::string> cleared;
  Result<void> answer;
  bool wait = false;  // commands wait in `pending` until the test calls them
  std::vector<Done> pending;
  std::vector<RunCommand> runs;
  std::vector<std::string> callers;
  int reloads = 0;
  Watcher* watcher = nullptr;
  SimulatedSnapshot standing;
  int automatic = 0;
  Policy policies;
  std::uint32_t last_hold = 0;
  std::vector<std::uint32_t> released;
  std::function<void()> asked;  // after each command

 private:
  void finish(Done done) {
    if (wait) {
      pending.push_back(std::move(done));
    } else {
      done(answer);
    }
    if (asked) asked();
  }
};

}  // namespace schedkit
