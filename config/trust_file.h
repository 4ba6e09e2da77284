// Trust policies in files of their own.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/policy/model.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// `path` ends with ".json": containers-policy.json(5); else upstream's YAML. For `--trust-policy`,
// SCHEDCTL_TRUST_POLICY and `[trust] file`.
Result<TrustPolicy> load_trust_file(const std::string& path);

// What [trust] says: its file if it names one, else the table itself. An error means that nothing is trusted.
Result<TrustPolicy> load_trust_policy(const Settings& settings);

}  // namespace schedkit
