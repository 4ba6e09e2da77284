#include "core/image/present_image.h"

#include <utility>

#include "core/image/trust/downgrade.h"
#include "core/image/trust/evidence.h"

namespace schedkit {

std::optional<PresentImage> find_present(const Store& store, const Reference& reference) {
  auto stored = store.stored(reference);
  if (!stored || !stored->current || stored->reference != reference.to_string()) return std::nullopt;
  PresentImage present{.image = std::move(*stored), .record = {}};
  const std::string top = present.image.top.to_string();
  auto evidence = parse_evidence(store.evidence(present.image));
  if (evidence && evidence->record.digest == top) {
    present.record = std::move(evidence->record);
    return present;
  }
  present.record = {.reference = present.image.reference, .digest = top};
  if (const auto unpacked = store.find(present.image.entry.digest)) present.record.age = age_of(*unpacked, "");
  return present;
}

ImageAge age_of(const RunnableImage& image, std::string_view created) {
  const auto version = image.labels.find("org.opencontainers.image.version");
  return make_age(version == image.labels.end() ? "" : version->second, created);
}

}  // namespace schedkit
