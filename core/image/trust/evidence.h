// Why an image was admitted, kept beside it (evidence/ of the store, store.h): the verdict and everything it needs to
// be reached again without network.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/image/trust/signature_material.h"
#include "core/image/trust/trust_record.h"

namespace schedkit {

struct Evidence {
  TrustRecord record;
  SignatureMaterial material;
  std::string policy_file = {};   // that a person named for this image in place of the settings' [trust]; "" for none
  bool unsigned_allowed = false;  // a person took it on their own account: nothing was asked for
};

std::string write_evidence(const Evidence& evidence);

// Errc::integrity for anything that write_evidence() does not write.
Result<Evidence> parse_evidence(std::string_view json);

}  // namespace schedkit
