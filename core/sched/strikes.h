// Failures of schedulers, counted per (digest, arguments, kernel release) over restarts and reboots. After each strike
// the program is left alone for a while that doubles from backoff-min to backoff-max; at the limit it is quarantined
// until its digest changes or somebody clears it. A program that passes its probation starts anew.
//
// Pure but for the clock; what must survive goes out through `changed` and comes back through restore().
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/strike.h"

namespace schedkit {

class Strikes {
 public:
  struct Options {
    int limit = 3;
    Duration backoff_min = std::chrono::seconds(1);
    Duration backoff_max = std::chrono::seconds(60);
  };

  // `kernel` is the release that runs; `changed` is called after everything that restore() would have to bring back.
  Strikes(const Clock& clock, std::string kernel, std::function<void()> changed);

  void configure(Options options) { options_ = options; }
  void restore(std::vector<StrikeRecord> records);

  // The program failed. Returns what is held against it from now on.
  const StrikeRecord& add(const std::string& digest, const std::vector<std::string>& args, const std::string& scheduler,
                          const std::string& reason);
  // It did well: forgotten, unless it is quarantined.
  void forgive(const std::string& digest, const std::vector<std::string>& args);

  bool quarantined(const std::string& digest, const std::vector<std::string>& args) const;
  // When it may be tried again by itself; in the past when it may at once.
  Instant not_before(const std::string& digest, const std::vector<std::string>& args) const;

  // Forgets what is held against schedulers of that name or digest ("sha256:…", or at least 8 digits of it), or against
  // all when it is empty. Returns how many.
  std::size_t clear(const std::string& which);

  std::vector<StrikeRecord> records() const;

  // "quarantined after 3 strikes (last: …); `schedctl quarantine clear NAME` lifts it"
  static std::string describe(const StrikeRecord& record);
  const StrikeRecord* find(const std::string& digest, const std::vector<std::string>& args) const;

 private:
  struct Entry {
    StrikeRecord record;
    Instant not_before{};
  };

  Duration backoff(int count) const;

  const Clock& clock_;
  const std::string kernel_;
  const std::function<void()> changed_;
  Options options_;
  std::vector<Entry> entries_;  // oldest strike first
};

// quarantine.json, version 1.
std::string strikes_json(const std::vector<StrikeRecord>& records);
Result<std::vector<StrikeRecord>> parse_strikes(std::string_view json);

}  // namespace schedkit
