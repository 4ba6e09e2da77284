// What is remembered about schedulers over restarts and reboots: what is held against them, the last one that proved
// itself, how the attached one stands, and what happened. In the state directory: quarantine.json, state.json,
// tenure.json, stop-first.json, history.jsonl.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/control/state_store.h"
#include "core/policy/history.h"
#include "core/policy/model.h"
#include "core/sched/stop_first.h"
#include "core/sched/strikes.h"
#include "core/sched/tenure.h"

namespace schedkit {

class SafetyNet {
 public:
  static constexpr std::size_t most_entries = 1000;  // of history that are at hand

  // `store` must outlive it. `kernel` is the release that runs.
  SafetyNet(const Clock& clock, StateStore& store, std::string kernel);

  // Reads what an earlier daemon left. Returns what of it could not be used, for the log.
  std::vector<Error> load();

  Strikes& strikes() { return strikes_; }
  const Strikes& strikes() const { return strikes_; }
  StopFirst& stop_first() { return stop_first_; }
  // By command. Returns how many there were.
  std::size_t clear_strikes(const std::string& which);

  const std::optional<Choice>& last_good() const { return last_good_; }
  void proved(const Choice& choice);
  // Forgets the last known good one when no policy defines that program any more.
  void keep_to(const Policy& policy);

  // The last that held() was told, by an earlier daemon too.
  const std::optional<Tenure>& tenure() const { return tenure_; }
  void held(const Tenure& tenure);

  void record(HistoryEntry entry);
  // The last `count`, oldest first.
  std::vector<HistoryEntry> history(std::size_t count) const;

 private:
  void load_strikes(std::vector<Error>& problems);
  void load_last_good(std::vector<Error>& problems);
  void load_tenure(std::vector<Error>& problems);
  void load_stop_first(std::vector<Error>& problems);
  void load_history();
  void save_last_good();

  const Clock& clock_;
  StateStore& store_;
  Strikes strikes_;
  StopFirst stop_first_;
  std::optional<Choice> last_good_;
  std::optional<Tenure> tenure_;
  std::deque<HistoryEntry> history_;
};

}  // namespace schedkit
