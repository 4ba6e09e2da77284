// What sked needs of the objects that users write: SchedPolicy (group sked.schedkit.io, v1alpha1; k8s/deploy/crds) and
// upstream's namespaced SchedExt (v1), which is read as "this image on all nodes, priority 0".
//
// Rules stay JSON: their fields are the keys of policy files in camelCase with the same meaning, so that they are
// carried over (render.h) and judged by schedkitd, not understood here.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/result.h"
#include "k8s/labels.h"

namespace schedkit {

enum class ObjectKind { sched_policy, sched_ext };

std::string_view to_string(ObjectKind kind);  // "SchedPolicy", "SchedExt"

// Which object in the cluster.
struct PolicySource {
  ObjectKind kind = ObjectKind::sched_policy;
  std::string name_space = {};  // "" for a SchedPolicy
  std::string name = {};
  std::string uid = {};         // "" in a manifest that no cluster has seen
  std::int64_t generation = 0;  // metadata.generation
  bool operator==(const PolicySource&) const = default;

  // "SchedPolicy games", "SchedExt default/sample".
  std::string title() const;
  // The name of its file: "k8s-games.toml", "k8s-default_sample.toml". One that is longer than 200 bytes is cut and
  // ends in a hash, so that it is still the only one of that name.
  std::string file_name() const;
};

struct SchedPolicy {
  PolicySource source;
  int priority = 100;                              // of rules that give none of their own
  bool suspend = false;                            // nothing is rendered
  bool keep = false;                               // deletionPolicy: Keep
  LabelSelector nodes;                             // on which nodes
  nlohmann::json fallback;                         // spec.default; null for none
  nlohmann::json rules = nlohmann::json::array();  // spec.rules
};

// Whether `object` is of one of the two kinds, in a version that we know.
bool is_policy(const nlohmann::json& object);

// Precondition: is_policy(). Errc::invalid with the object and the field in the text; fields inside default and rules
// are looked at by render() and schedkitd.
Result<SchedPolicy> read_policy(const nlohmann::json& object);

}  // namespace schedkit
