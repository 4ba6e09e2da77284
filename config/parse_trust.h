// [trust] of schedkit.toml → TrustPolicy. docs/trust.md explains it.
#pragma once

#include "config/table_reader.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// The shipped policy with the table's default, and its scopes over the shipped ones of the same prefix. Errors go to
// the reader's problems; what they are about rejects.
TrustPolicy parse_trust(TableReader& trust);

}  // namespace schedkit
