// Pods of this node, and the cgroups that the kubelet gives them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "k8s/labels.h"

namespace schedkit {

struct Pod {
  std::string name_space;
  std::string name;
  // What the kubelet calls it: metadata.uid, or for a static pod the hash of its file, which its mirror object carries
  // as the annotation kubernetes.io/config.hash.
  std::string uid;
  Labels labels;
};

// `object`: a v1 Pod, or its PartialObjectMetadata. Errc::invalid when it has no uid of hexadecimal digits and dashes.
Result<Pod> read_pod(const nlohmann::json& object);

// Globs, in the language of policy files, over the cgroup of `pod` in any QoS class and with either cgroup driver of
// the kubelet (pkg/kubelet/cm: kubepods-burstable-podUID.slice with '_' for '-' in UID, or kubepods/burstable/podUID),
// also below a kubelet that is in a cgroup of its own. They match that pod only, since its uid is in them.
std::vector<std::string> cgroup_globs(const Pod& pod);

}  // namespace schedkit
