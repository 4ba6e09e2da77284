#pragma once

#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "k8s/api_client.h"
#include "k8s/backoff.h"
#include "k8s/node_status.h"

namespace schedkit {

struct StatusWriterOptions {
  std::string node;
  Duration pace = std::chrono::seconds(1);    // between two writes at least; the newest wins
  Duration settle = std::chrono::seconds(5);  // so long what the server has may differ from what we sent: watches lag
  BackoffPolicy backoff = {};
};

// Keeps the NodeSched of a node: made when it is missing, owned by the Node; its status applied when it is another than
// the last one, or somebody else changed it, and never otherwise. Each transition is told as an Event in the namespace
// "default", at most 25 at once and one each 5 minutes.
class StatusWriter {
 public:
  // What keeps us from writing, nullopt when nothing does any more; told when that changes.
  using Told = std::function<void(const std::optional<ApiFailure>& trouble)>;

  StatusWriter(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random,
               StatusWriterOptions options, Told told);

  // What the server has: null for no object. Until the first call nothing is written; `lost` stops it again.
  void server_has(const nlohmann::json& object);
  void lost();

  // `node_uid`: of the v1 Node, "" while unknown.
  void want(nlohmann::json status, std::string node_uid);

  // The status that the next one follows: the one wanted last, or else what the server had; null for none.
  const nlohmann::json& previous() const { return wanted_.is_null() ? server_status_ : wanted_; }
  // Of what is the server's at all.
  bool knows_server() const { return known_; }

 private:
  void step();
  void create();
  void apply();
  void answered(ApiResult<nlohmann::json> answer, bool created);
  void failed(ApiFailure failure);
  void tell_events(const nlohmann::json& before, const nlohmann::json& after);
  void post(const NodeEvent& event);
  void again_after(Duration wait);

  ApiClient& api_;
  const Clock& clock_;
  StatusWriterOptions options_;
  Told told_;
  Backoff backoff_;
  Timer timer_;   // the next step may not come before
  Timer repair_;  // looks whether somebody else changed it
  bool known_ = false;
  bool exists_ = false;
  std::string uid_;       // of the NodeSched
  std::string node_uid_;  // of the Node
  nlohmann::json wanted_;
  nlohmann::json sent_;  // null: it has to be sent
  nlohmann::json sending_;
  nlohmann::json server_status_;  // as it was told last, by a watch or an answer
  nlohmann::json answer_status_;  // as it was after our own write
  bool in_trouble_ = false;
  std::unique_ptr<ApiCall> call_;
  double tokens_ = 0;  // of events
  Instant tokens_at_{};
  std::list<std::unique_ptr<ApiCall>> events_;
};

}  // namespace schedkit
