// What has to be sent to a registry so that an image of a layout is there, in the order in which it must arrive: blobs,
// the manifests that name them, and at last the top that the tag names (distribution-spec, "Pushing Manifests").
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/layout.h"
#include "core/image/limits.h"

namespace schedkit {

struct PushPlan {
  struct Document {
    Descriptor descriptor;
    std::string bytes;
  };

  std::vector<Descriptor> blobs;    // configs and layers, each once
  std::vector<Document> manifests;  // parts before the index that names them; the top is the last
};

// Everything below `top`, the manifests of all platforms with it; artifacts beside them (attestations) are sent as they
// are. Reads and checks every blob: what is damaged or missing is an error before anything is sent.
Result<PushPlan> plan_push(Layout& layout, const Descriptor& top, const ImageLimits& limits);

}  // namespace schedkit
