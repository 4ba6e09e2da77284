// What is known of the image that a reference means on this machine at present, to compare the next one with.
#pragma once

#include <optional>
#include <string_view>

#include "core/image/reference.h"
#include "core/image/store.h"
#include "core/image/trust/trust_record.h"
#include "core/policy/image.h"

namespace schedkit {

struct PresentImage {
  StoredImage image;
  // Why it was admitted. Without evidence, as for what another tool put into the store: what its labels say of its age.
  TrustRecord record;
};

// None unless the reference itself means it: what a digest names may have come in under another name. Blocks.
std::optional<PresentImage> find_present(const Store& store, const Reference& reference);

// What an image says of itself; `created` is its configuration's, "" for none.
ImageAge age_of(const RunnableImage& image, std::string_view created);

}  // namespace schedkit
