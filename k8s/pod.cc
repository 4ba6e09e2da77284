#include "k8s/pod.h"

#include <algorithm>

#include "core/base/text.h"
#include "k8s/members.h"

namespace schedkit {

namespace {

// It becomes part of a path, and of a glob.
bool is_uid(std::string_view uid) {
  const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; };
  return !uid.empty() && uid.size() <= 64 && std::ranges::all_of(uid, fits);
}

}  // namespace

Result<Pod> read_pod(const nlohmann::json& object) {
  Pod pod;
  pod.name_space = text_at(object, {"metadata", "namespace"});
  if (pod.name_space.empty()) pod.name_space = "default";
  pod.name = text_at(object, {"metadata", "name"});
  const auto hash = text_at(object, {"metadata", "annotations", "kubernetes.io/config.hash"});
  pod.uid = hash.empty() ? text_at(object, {"metadata", "uid"}) : hash;
  if (!is_uid(pod.uid)) return fail(Errc::invalid, "pod {}/{} has no uid", pod.name_space, pod.name);
  const auto metadata = object.find("metadata");
  auto labels = read_labels(*metadata, "labels", fmt::format("pod {}/{}", pod.name_space, pod.name));
  if (!labels) return fail(std::move(labels.error()));
  pod.labels = std::move(*labels);
  return pod;
}

std::vector<std::string> cgroup_globs(const Pod& pod) {
  auto escaped = pod.uid;
  std::ranges::replace(escaped, '-', '_');
  return {fmt::format("/**/*kubepods*-pod{}.slice", escaped), fmt::format("/**/kubepods/**/pod{}", pod.uid)};
}

}  // namespace schedkit
