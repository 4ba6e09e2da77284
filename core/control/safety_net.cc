#include "core/control/safety_net.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/bus/history_json.h"
#include "core/sched/running_record.h"

namespace schedkit {

namespace {

constexpr const char* strikes_file = "quarantine.json";
constexpr const char* last_good_file = "state.json";
constexpr const char* tenure_file = "tenure.json";
constexpr const char* stop_first_file = "stop-first.json";
constexpr const char* history_file = "history.jsonl";

bool defines(const Policy& policy, const Choice& choice) {
  const auto same = [&](const Choice& other) { return same_program(other, choice); };
  if (same(policy.fallback)) return true;
  if (std::ranges::any_of(policy.rules, same, &Rule::use)) return true;
  return std::ranges::any_of(policy.schedulers, [&](const Scheduler& scheduler) {
    const auto chosen = choose(scheduler, choice.mode);
    return chosen && same(*chosen);
  });
}

}  // namespace

SafetyNet::SafetyNet(const Clock& clock, StateStore& store, std::string kernel)
    : clock_(clock),
      store_(store),
      strikes_(clock, std::move(kernel), [this] { store_.replace(strikes_file, strikes_json(strikes_.records())); }),
      stop_first_([this] { store_.replace(stop_first_file, stop_first_json(stop_first_.digests())); }) {}

std::vector<Error> SafetyNet::load() {
  std::vector<Error> problems;
  load_strikes(problems);
  load_last_good(problems);
  load_tenure(problems);
  load_stop_first(problems);
  load_history();
  return problems;
}

void SafetyNet::load_strikes(std::vector<Error>& problems) {
  const auto text = store_.read(strikes_file);
  if (!text && text.error().code == Errc::not_found) return;
  auto records = text ? parse_strikes(*text) : Result<std::vector<StrikeRecord>>(fail(text.error()));
  if (records) return strikes_.restore(std::move(*records));
  problems.push_back(with_context(records.error(), std::string(strikes_file) + " is not used"));
}

void SafetyNet::load_last_good(std::vector<Error>& problems) {
  const auto text = store_.read(last_good_file);
  if (!text && text.error().code == Errc::not_found) return;
  auto choice = text ? parse_choice(*text) : Result<Choice>(fail(text.error()));
  if (choice && choice->is_kernel()) return;
  if (choice) {
    last_good_ = std::move(*choice);
  } else {
    problems.push_back(with_context(choice.error(), std::string(last_good_file) + " is not used"));
  }
}

void SafetyNet::load_tenure(std::vector<Error>& problems) {
  const auto text = store_.read(tenure_file);
  if (!text && text.error().code == Errc::not_found) return;
  auto tenure = text ? parse_tenure(*text) : Result<Tenure>(fail(text.error()));
  if (tenure) {
    tenure_ = std::move(*tenure);
  } else {
    problems.push_back(with_context(tenure.error(), std::string(tenure_file) + " is not used"));
  }
}

void SafetyNet::load_stop_first(std::vector<Error>& problems) {
  const auto text = store_.read(stop_first_file);
  if (!text && text.error().code == Errc::not_found) return;
  auto digests = text ? parse_stop_first(*text) : Result<std::vector<std::string>>(fail(text.error()));
  if (digests) return stop_first_.restore(std::move(*digests));
  problems.push_back(with_context(digests.error(), std::string(stop_first_file) + " is not used"));
}

void SafetyNet::held(const Tenure& tenure) {
  if (tenure_ == tenure) return;
  tenure_ = tenure;
  store_.replace(tenure_file, tenure_json(tenure));
}

// Lines that cannot be read were being written when the machine died: the others count.
void SafetyNet::load_history() {
  for (const char* name : {"history.jsonl.1", history_file}) {
    const auto text = store_.read(name);
    if (!text) continue;
    for (const auto line : split(*text, '\n')) {
      if (auto entry = parse_history_line(line)) history_.push_back(std::move(*entry));
      if (history_.size() > most_entries) history_.pop_front();
    }
  }
}

std::size_t SafetyNet::clear_strikes(const std::string& which) {
  const auto cleared = strikes_.clear(which);
  if (cleared > 0) {
    record({.at = clock_.wall_now(),
            .event = HistoryEvent::cleared,
            .to = which,
            .text = fmt::format("{} cleared", cleared)});
  }
  return cleared;
}

void SafetyNet::proved(const Choice& choice) {
  if (last_good_ == choice) return;
  last_good_ = choice;
  save_last_good();
}

void SafetyNet::keep_to(const Policy& policy) {
  if (!last_good_ || defines(policy, *last_good_)) return;
  last_good_.reset();
  save_last_good();
}

void SafetyNet::save_last_good() { store_.replace(last_good_file, choice_json(last_good_.value_or(Choice{}))); }

void SafetyNet::record(HistoryEntry entry) {
  store_.append(history_file, history_line(entry));
  history_.push_back(std::move(entry));
  if (history_.size() > most_entries) history_.pop_front();
}

std::vector<HistoryEntry> SafetyNet::history(std::size_t count) const {
  const auto first = history_.end() - static_cast<std::ptrdiff_t>(std::min(count, history_.size()));
  return {first, history_.end()};
}

}  // namespace schedkit
