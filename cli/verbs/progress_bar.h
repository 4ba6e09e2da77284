#pragma once

#include "core/policy/pull.h"

namespace schedkit {

// How far a pull is, on standard error: one line that is written over again and again, on terminals only. It is wiped
// out at the end.
class ProgressBar {
 public:
  ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  void show(const PullProgress& progress);

 private:
  bool terminal_;
  PullProgress shown_{.phase = PullProgress::Phase::done};
};

}  // namespace schedkit
