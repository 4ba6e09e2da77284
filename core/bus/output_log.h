// What schedulers printed lately, of all runs together: what `schedctl logs` shows.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace schedkit {

struct OutputLine {
  std::string scheduler;
  std::string text;

  bool operator==(const OutputLine&) const = default;
};

class OutputLog {
 public:
  static constexpr std::size_t kept_lines = 1000;

  void add(OutputLine line) {
    if (lines_.size() == kept_lines) lines_.pop_front();
    lines_.push_back(std::move(line));
  }

  // Of one scheduler, or of all with ""; oldest first.
  std::vector<OutputLine> lines(const std::string& scheduler) const {
    std::vector<OutputLine> chosen;
    for (const auto& line : lines_) {
      if (scheduler.empty() || line.scheduler == scheduler) chosen.push_back(line);
    }
    return chosen;
  }

 private:
  std::deque<OutputLine> lines_;
};

}  // namespace schedkit
