// From a SchedPolicy to a policy file of schedkit. Pure, and the same bytes on every machine.
//
// spec.default becomes a rule without `when`, named "default"; a rule's priority is the policy's unless it gives its
// own. A scheduler is defined in the file under the name IMAGE-HASH, so that equal ones are one. Every other field is
// carried over as it is under its key of docs/policy.md (camelCase becomes kebab-case), with three differences:
//   timeZone   is written as `timezone`, and "UTC" is written when it is missing: nodes do not agree on local time
//   and        further conditions that must hold too: [{process: …}, {process: …}]
//   pod        {namespace, labels}: the cgroups of this node's pods that match. While there is none the condition cannot
//              hold, so that a set of conditions with it is left out, and a rule without a set that is left
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "k8s/pod.h"
#include "k8s/policy.h"

namespace schedkit {

// schedkitd reads no larger file.
constexpr std::size_t largest_rendered_file = 64 * 1024;

struct RenderedPolicy {
  std::string revision;  // 16 hexadecimal digits: a hash of what schedkitd will see
  std::string text;      // the file, its header first
};

// Errc::invalid names the object and the field; Errc::limit when the file would be too large.
Result<RenderedPolicy> render(const SchedPolicy& policy, const std::vector<Pod>& pods);

// What the header of a file that sked wrote says; nullopt for any other text. A file without it is never touched.
struct RenderedHeader {
  PolicySource source;
  std::string revision;
  bool keep = false;
};
std::optional<RenderedHeader> read_header(std::string_view text);

}  // namespace schedkit
