// Whether an image of a registry may be used. Asked twice: when everything small of it is known, before anything big is
// fetched, and again before each start, from what was kept.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/reference.h"
#include "core/image/remote.h"
#include "core/image/store_index.h"
#include "core/image/trust/trust_record.h"
#include "core/policy/pull.h"

namespace schedkit {

class Admission {
 public:
  virtual ~Admission() = default;

  struct Candidate {
    Reference reference;
    Digest top;                        // what the registry answered: an index or a manifest
    Digest platform;                   // this machine's manifest
    ImageAge age;                      // what the image says of itself
    std::optional<TrustRecord> known;  // of the image that the reference means here at present
    PullOptions options;
  };
  // `done` gets the evidence: a text that recheck() can judge alone. As with ImageRemote, destroying the call cancels.
  using Done = std::function<void(Result<std::string>)>;
  [[nodiscard]] virtual RemoteCallPtr admit(Candidate candidate, Done done) = 0;

  // Without network; blocks, from any thread. `image` is one of the store's for `reference`, or, for a layout on this
  // machine, empty. `evidence` is "" when none was kept.
  virtual Result<TrustRecord> recheck(const Reference& reference, const StoredImage& image,
                                      const std::string& evidence) const = 0;
};

}  // namespace schedkit
