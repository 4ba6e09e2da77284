// The store of this machine for a program that asks, waits and ends: what schedkitd does with images, where none runs.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/image/images.h"
#include "core/image/trust_admission.h"
#include "core/loop/loop.h"
#include "core/loop/signals.h"
#include "core/policy/model.h"

namespace schedkit {

// The settings below `root`/etc/schedkit. Errc::invalid when a file there has errors: the wrong people might be believed.
Result<Settings> read_settings(const std::string& root);

class LocalImages {
 public:
  // The store is in `state_dir`, or, if that is empty, where the settings say.
  static Result<std::unique_ptr<LocalImages>> open(const std::string& root, const std::string& state_dir);

  Images& images() { return *images_; }

  // Runs the loop until `answer` is there; Errc::cancelled after Ctrl-C or SIGTERM.
  template <class T>
  Result<T> wait(const std::optional<Result<T>>& answer) {
    while (!answer && !interrupted_) loop_.run_once(true);
    return answer ? *answer : Result<T>(fail(Errc::cancelled, "cancelled"));
  }

 private:
  LocalImages() : signals_(loop_, {SIGINT, SIGTERM}, [this](int) { interrupted_ = true; }) {}

  Loop loop_;
  Signals signals_;
  bool interrupted_ = false;
  SystemClock clock_;
  std::unique_ptr<ImageRemote> remote_;
  std::shared_ptr<TrustAdmission> admission_;
  std::unique_ptr<Images> images_;
};

}  // namespace schedkit
