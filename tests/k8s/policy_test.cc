#include "k8s/policy.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

std::string error_of(const std::string& yaml) {
  const auto policy = read_policy(object_of(yaml));
  return policy ? "accepted" : policy.error().text;
}

}  // namespace

TEST_GROUP(Policy){};

TEST(Policy, fields) {
  const auto policy = policy_of(
      sched_policy("  priority: 300\n  suspend: true\n  deletionPolicy: Keep\n  default: {image: r.example/a:1}\n"
                   "  nodeSelector: {matchLabels: {pool: build}}\n"));
  STRCMP_EQUAL("SchedPolicy games", policy.source.title().c_str());
  STRCMP_EQUAL("k8s-games.toml", policy.source.file_name().c_str());
  CHECK_EQUAL(3, policy.source.generation);
  CHECK_EQUAL(300, policy.priority);
  CHECK(policy.suspend);
  CHECK(policy.keep);
  CHECK_FALSE(policy.nodes.selects({}));
}

TEST(Policy, upstreams_sample_is_taken_unchanged) {
  const auto policy = policy_of(
      "apiVersion: sked.schedkit.io/v1\nkind: SchedExt\nmetadata:\n  name: schedext-sample\n  namespace: sked-system\n"
      "spec:\n  sched: \"ghcr.io/schedkit/scheds/scx_rusty:latest\"\n");
  CHECK_EQUAL(0, policy.priority);
  CHECK(policy.nodes.selects({}));
  STRCMP_EQUAL("k8s-sked-system_schedext-sample.toml", policy.source.file_name().c_str());
  STRCMP_EQUAL("{\"image\":\"ghcr.io/schedkit/scheds/scx_rusty:latest\"}", policy.fallback.dump().c_str());
}

TEST(Policy, a_long_name_ends_in_a_hash) {
  PolicySource one{.kind = ObjectKind::sched_ext, .name_space = std::string(100, 'n'), .name = std::string(200, 'a')};
  PolicySource other = one;
  other.name.back() = 'b';
  CHECK_EQUAL(200, one.file_name().size());
  CHECK(one.file_name() != other.file_name());
  CHECK(one.file_name().ends_with(".toml"));
}

TEST(Policy, errors_name_object_and_field) {
  STRCMP_EQUAL("SchedPolicy games: spec gives neither default nor rules",
               error_of(sched_policy("  priority: 1\n")).c_str());
  STRCMP_EQUAL("SchedPolicy games: spec.priority must be an integer from 0 to 1000",
               error_of(sched_policy("  priority: 1001\n  default: {builtin: kernel}\n")).c_str());
  STRCMP_CONTAINS("SchedPolicy games: unknown field spec.\"prio\"; known are priority,",
                  error_of(sched_policy("  prio: 1\n")).c_str());
  STRCMP_EQUAL("SchedPolicy games: spec.deletionPolicy must be Revert or Keep",
               error_of(sched_policy("  deletionPolicy: Orphan\n  default: {builtin: kernel}\n")).c_str());
  STRCMP_EQUAL(
      "SchedPolicy ../../etc/x: metadata.name must be a DNS subdomain in lower case",
      error_of("apiVersion: sked.schedkit.io/v1alpha1\nkind: SchedPolicy\nmetadata: {name: ../../etc/x}\nspec: {}\n")
          .c_str());
}

TEST(Policy, other_objects_are_none) {
  CHECK_FALSE(is_policy(object_of("apiVersion: v1\nkind: SchedPolicy\n")));
  CHECK_FALSE(is_policy(object_of("apiVersion: sked.schedkit.io/v1\nkind: SchedPolicy\n")));
  CHECK_FALSE(is_policy(object_of("apiVersion: sked.schedkit.io/v1alpha1\nkind: NodeSched\n")));
}
