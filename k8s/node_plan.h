// What the cluster's objects mean for one node. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "k8s/labels.h"
#include "k8s/pod.h"
#include "k8s/policy.h"
#include "k8s/watch_event.h"

namespace schedkit {

// A policy that selects this node.
struct PlannedPolicy {
  enum class Verdict {
    rendered,   // its file shall have `text`
    suspended,  // it shall have no file
    staged,     // its rollout has not come to this node: the file stays as it is
    waiting,    // for pods: the same
    refused,    // it cannot be rendered: the same
  };

  PolicySource source;
  int priority = 0;
  Verdict verdict = Verdict::refused;
  std::string why = {};       // of the last three
  std::string revision = {};  // of a rendered one, as all below
  std::string text = {};
  std::string sha256 = {};                   // of `text`, in hexadecimal digits
  std::vector<std::string> schedulers = {};  // that it defines
  bool operator==(const PlannedPolicy&) const = default;

  // In the status of a node: "games", "default/sample"; at most 63 bytes, a longer one ends in a hash.
  std::string name() const;
};

struct NodePlan {
  std::map<std::string, PlannedPolicy> policies;  // by file name
  std::set<std::string> not_selected;             // files of policies that are there, for other nodes
  // Whether all objects of that kind are known: without it no file is removed because its object is not there.
  bool all_sched_policies = false;
  bool all_sched_exts = false;
  bool operator==(const NodePlan&) const = default;

  bool all_known(ObjectKind kind) const { return kind == ObjectKind::sched_ext ? all_sched_exts : all_sched_policies; }
};

struct NodeFacts {
  std::string name;
  Labels labels;
  std::optional<std::vector<Pod>> pods = {};  // nullopt: not known
  std::string no_pods = {};                   // why, for those whose policy needs them
};

// Adds what `objects`, of one kind, mean.
void add_to_plan(NodePlan& plan, const ObjectMap& objects, const NodeFacts& facts);

// Whether any condition of it asks for pods.
bool asks_for_pods(const nlohmann::json& policy);

// Leaves of a SchedPolicy or SchedExt what a plan looks at: a change of anything else is none.
void trim_policy(nlohmann::json& object);

}  // namespace schedkit
