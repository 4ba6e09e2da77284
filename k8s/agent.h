#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/policy/status.h"
#include "k8s/collection.h"
#include "k8s/file_sync.h"
#include "k8s/node_plan.h"
#include "k8s/status_writer.h"

namespace schedkit {

struct AgentOptions {
  std::string node;                                 // its name
  std::string directory = "/etc/schedkit/cluster";  // where files are written
  std::string kernel_release;                       // of this machine
  Duration soon = std::chrono::milliseconds(50);    // changes come in bursts
  Duration patience = std::chrono::seconds(5);      // for schedkitd to read what was written, before that is reported
  Duration retry = std::chrono::seconds(30);        // after a file could not be written
  Duration absent = std::chrono::minutes(10);  // how often the SchedExt definition is looked for when there is none
  CollectionOptions collection = {};           // its times; `resource`, `trim` and `hold` where it matters are ours
  StatusWriterOptions writer = {};             // its times
};

// One node of a cluster: the cluster's policies become files here, and what came of them the status of its NodeSched.
// The cluster may be away: files stay as they are. Pods are looked at only while a policy asks for them.
class Agent {
 public:
  // All must outlive it. `random` gives [0, 1).
  Agent(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random, AgentOptions options);
  ~Agent();

  void start();

  // What schedkitd says, each time it says something; an error while it is away.
  void daemon_told(const Result<Status>& status);

  // Whether the files are those of the cluster as it was when it was last reached, at least once.
  bool synced() const { return synced_; }

 private:
  struct Watched;
  struct Pool;

  Watched& watch(const char* name, ApiResource resource, std::function<void(nlohmann::json&)> trim, Duration hold,
                 Duration missing_poll);
  void changed();
  void reconcile();
  void learn_own();
  void learn_node();
  void watch_pods_if_asked();
  NodePlan make_plan() const;
  void sync();
  void synced(FileOutcome outcome);
  void report();
  std::map<std::string, PolicyState> states() const;
  std::vector<std::string> troubles() const;
  void log_troubles();

  Loop& loop_;
  ApiClient& api_;
  const Clock& clock_;
  std::function<double()> random_;
  AgentOptions options_;
  std::map<std::string, std::unique_ptr<Watched>> watched_;
  Watched* policies_ = nullptr;
  Watched* exts_ = nullptr;
  Watched* node_ = nullptr;
  Watched* own_ = nullptr;
  Watched* pods_ = nullptr;  // once asked for
  StatusWriter writer_;
  Timer soon_;
  Timer patience_;
  Timer retry_;
  std::optional<nlohmann::json> own_told_;  // the NodeSched that the writer knows of; null for none
  std::optional<Labels> labels_;            // of the node, as last known
  std::string node_uid_;
  std::optional<Status> daemon_;
  bool daemon_spoke_ = false;  // since the last look at the files
  NodePlan plan_;
  bool sync_due_ = false;
  bool syncing_ = false;
  bool synced_ = false;
  Instant written_at_{};
  FileOutcome outcome_;
  std::shared_ptr<Pool> pool_;  // shared with work that may outlive us
};

}  // namespace schedkit
