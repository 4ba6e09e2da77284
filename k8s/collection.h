#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "k8s/api_client.h"
#include "k8s/api_request.h"
#include "k8s/backoff.h"
#include "k8s/watch_event.h"

namespace schedkit {

struct CollectionOptions {
  ApiResource resource;
  std::function<void(nlohmann::json& object)> trim = {};  // leaves of an object what matters; the rest is no change
  // A deletion counts when a whole list, this much later, confirms it: when a CRD is deleted, each of its objects is
  // told as deleted first. 0: at once, for what is no custom resource.
  Duration hold = std::chrono::seconds(10);
  Duration spread = std::chrono::seconds(2);               // the first list comes at random within it
  Duration missing_poll = std::chrono::seconds(30);        // how often a collection is looked for that is not there
  Duration settle = std::chrono::seconds(15);              // a watch that lives so long is well
  std::chrono::seconds watch = std::chrono::seconds(450);  // how long one is asked for: this to twice this
  BackoffPolicy backoff = {};
};

// What is in a collection of the API server, kept up to date: list, then watch, again and again whatever happens
// (reference: client-go's reflector). What was known stays known while the server is away, says no or forgot the
// collection: an object goes only when a whole list of a collection that is there does not have it.
class Collection {
 public:
  // `changed` is called, later, when anything below may be another; not from inside start(). It may not destroy us.
  // `random` gives [0, 1). All must outlive it.
  Collection(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random, CollectionOptions options,
             std::function<void()> changed);

  void start();

  const ObjectMap& objects() const { return objects_; }
  // Whether objects() is, or once was, all there is: whatever is not in it is gone.
  bool synced() const { return synced_; }
  // The server knows no such collection (404).
  bool missing() const { return missing_; }
  // Why we may be behind; nullopt while all is well.
  const std::optional<ApiFailure>& trouble() const { return trouble_; }

 private:
  enum class Next { list, watch };

  void list(const std::string& next);
  void listed(ApiResult<nlohmann::json> page);
  void complete();
  void watch();
  void happened(nlohmann::json raw);
  void ended(ApiResult<void> end);
  void failed(ApiFailure failure, Next next);
  bool put(ObjectMap& into, nlohmann::json object) const;
  void recover();
  void confirm_later();

  ApiClient& api_;
  const Clock& clock_;
  std::function<double()> random_;
  CollectionOptions options_;
  std::function<void()> changed_;
  Backoff backoff_;
  Timer timer_;    // what comes next
  Timer confirm_;  // deletions
  Timer settled_;
  ObjectMap objects_;
  ObjectMap fresh_;  // of the list under way
  std::string version_;
  bool synced_ = false;
  bool missing_ = false;
  bool heard_ = false;  // from the watch under way
  Instant watch_began_{};
  std::optional<ApiFailure> trouble_;
  std::unique_ptr<ApiCall> call_;  // the one under way
};

}  // namespace schedkit
