#pragma once

#include <string>

#include "config/parse.h"
#include "k8s/manifest.h"
#include "k8s/render.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

namespace schedkit::test {

// The first object of a manifest.
inline nlohmann::json object_of(std::string_view yaml) {
  const auto manifests = read_manifests(yaml, "test.yaml");
  if (!manifests) FAIL(manifests.error().describe().c_str());
  CHECK_EQUAL(1, manifests->size());
  return manifests->front().object;
}

inline SchedPolicy policy_of(std::string_view yaml) {
  const auto object = object_of(yaml);
  CHECK(is_policy(object));
  auto policy = read_policy(object);
  if (!policy) FAIL(policy.error().text.c_str());
  return *policy;
}

// A SchedPolicy "games" with `spec`, whose lines are indented by two.
inline std::string sched_policy(std::string_view spec) {
  return "apiVersion: sked.schedkit.io/v1alpha1\nkind: SchedPolicy\nmetadata: {name: games, uid: u-1, generation: "
         "3}\nspec:\n" +
         std::string(spec);
}

// What schedkitd reads in a file of the cluster.
inline ParsedText as_schedkitd(const std::string& text) {
  return parse_text(text, {"k8s-games.toml", "k8s-games.toml", PolicyLayer::cluster});
}

inline std::string errors_of(const ParsedText& parsed) {
  std::string lines;
  for (const auto& error : parsed.errors) lines += error.describe() + "\n";
  return lines;
}

}  // namespace schedkit::test
