// Whether an image of a registry may be used. Asked twice: when the registry has said what a name means, before
// anything big is fetched, and again before each start, from what was kept.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/reference.h"
#include "core/image/remote.h"
#include "core/image/store_index.h"
#include "core/loop/loop.h"
#include "core/policy/pull.h"

namespace schedkit {

class Admission {
 public:
  virtual ~Admission() = default;

  struct Candidate {
    Reference reference;
    RemoteDocument top;                    // what the registry answered: an index or a manifest
    const StoredImage* present = nullptr;  // what the reference meant before, if that is here; valid during the call
    PullOptions options;
  };
  // `done` gets the evidence: a text that recheck() can judge alone. As with ImageRemote, destroying the call cancels.
  using Done = std::function<void(Result<std::string>)>;
  [[nodiscard]] virtual RemoteCallPtr admit(const Candidate& candidate, Done done) = 0;

  // Without network; blocks, from any thread. `evidence` is "" when none was kept.
  virtual Result<void> recheck(const Reference& reference, const StoredImage& image,
                               const std::string& evidence) const = 0;
};

// Admits nothing but what a person took on their own account (`--allow-unsigned`).
class ClosedAdmission final : public Admission {
 public:
  explicit ClosedAdmission(Loop& loop) : loop_(loop) {}
  [[nodiscard]] RemoteCallPtr admit(const Candidate& candidate, Done done) override;
  Result<void> recheck(const Reference& reference, const StoredImage& image,
                       const std::string& evidence) const override;

 private:
  Loop& loop_;
};

}  // namespace schedkit
