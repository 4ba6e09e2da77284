#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "k8s/api_client.h"
#include "k8s/api_request.h"

namespace schedkit {

// All objects of a collection, once, page after page. For commands; who stays uses collection.h.
class FullList {
 public:
  using Done = std::function<void(ApiResult<std::vector<nlohmann::json>>)>;

  // `done` is called once, later, and may destroy us. `api` must outlive us.
  FullList(ApiClient& api, ApiResource resource, Done done);

 private:
  void ask(const std::string& next);
  void take(ApiResult<nlohmann::json> page);

  ApiClient& api_;
  ApiResource resource_;
  Done done_;
  std::vector<nlohmann::json> objects_;
  std::unique_ptr<ApiCall> call_;
};

}  // namespace schedkit
