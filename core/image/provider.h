// Images of this machine as the port that the rest of the system uses.
#pragma once

#include <string>

#include "core/image/store.h"
#include "core/loop/loop.h"
#include "core/policy/image.h"

namespace schedkit {

class LocalImages final : public ImageProvider {
 public:
  // `loop` must outlive it. `kernel_release` as in uname -r: images that need a newer one are refused.
  LocalImages(Loop& loop, Store store, std::string kernel_release);

  // Reads, verifies and unpacks on the thread pool.
  void prepare(const std::string& reference, Done done) override;

 private:
  Result<RunnableImage> prepare_now(const std::string& reference) const;

  Loop& loop_;
  Store store_;
  std::string kernel_release_;
};

}  // namespace schedkit
