// Signature material from a registry: the steps at the top of signature_material.h over the network.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/image/remote.h"
#include "core/image/trust/signature_material.h"

namespace schedkit {

constexpr std::size_t most_material = 8u << 20;  // bytes of one image

struct CollectedSignatures {
  SignatureMaterial material;
  // The first thing that could not be fetched, was too large or could not be read. What is in `material` holds all the
  // same: more of it can only add a good signature.
  std::optional<Error> trouble;
};

// What signs `digests` in the repository of `reference`; of each but the first only when those before have nothing.
// `remote` must outlive the call.
[[nodiscard]] RemoteCallPtr collect_signatures(ImageRemote& remote, const Reference& reference,
                                               std::vector<Digest> digests,
                                               std::function<void(CollectedSignatures)> done);

}  // namespace schedkit
