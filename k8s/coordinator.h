#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "k8s/collection.h"
#include "k8s/leader.h"

namespace schedkit {

struct CoordinatorOptions {
  LeaderOptions leader;
  Duration soon = std::chrono::milliseconds(100);  // changes come in bursts
  Duration pace = std::chrono::seconds(5);         // between two writes of one policy, unless its rollout moved
  CollectionOptions collection = {};               // its times
};

// For all nodes together: while we lead, the status of each SchedPolicy is what became of it, and its rollout moves.
// Nothing moves while any of what is looked at may be out of date.
class Coordinator {
 public:
  // All must outlive it. `random` gives [0, 1).
  Coordinator(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random,
              CoordinatorOptions options);
  ~Coordinator();

  void start();
  bool leads() const { return leader_.leads(clock_.now()); }

 private:
  struct Written;

  void look_at_lease();
  void lease_came(ApiResult<nlohmann::json> lease);
  void lease_written(ApiResult<nlohmann::json> answer, Instant sent);
  void lease_done(const std::string& trouble);
  void watch();
  void changed();
  bool up_to_date() const;
  void review();
  void review(const std::string& name, const nlohmann::json& policy);
  void write(const std::string& name, nlohmann::json status);
  void status_written(std::string name, ApiResult<nlohmann::json> answer);
  void wake_in(Duration wait);

  Loop& loop_;
  ApiClient& api_;
  const Clock& clock_;
  std::function<double()> random_;
  CoordinatorOptions options_;
  Leader leader_;
  Timer lease_timer_;
  std::unique_ptr<ApiCall> lease_call_;
  std::string lease_trouble_;
  bool led_ = false;
  std::unique_ptr<Collection> policies_;  // these three once we led
  std::unique_ptr<Collection> nodes_;
  std::unique_ptr<Collection> node_scheds_;
  std::map<std::string, Written> written_;  // by policy
  Timer review_timer_;
  Duration wake_{};  // of review_timer_, while a review is under way
};

}  // namespace schedkit
