#pragma once

#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/net/http.h"
#include "k8s/api_client.h"
#include "k8s/credentials.h"

namespace schedkit {

// Over HTTP/1.1, a connection for each call under way. Credentials are read again by the first request after a minute,
// and at once after 401 or an untrusted certificate; the call is then made once more if they have changed. Certificate
// authorities other than the cluster's are not believed.
class HttpApiClient final : public ApiClient {
 public:
  // All must outlive it; it must outlive its calls.
  HttpApiClient(Loop& loop, HttpClient& http, const ClusterCredentials& credentials, const Clock& clock);

  std::unique_ptr<ApiCall> call(ApiRequest request, Done done) override;
  std::unique_ptr<ApiCall> watch(ApiRequest request, OnEvent on_event, OnEnd on_end) override;

 private:
  class Exchange;

  // Errors as those of ClusterCredentials::read(), when there never was anything to go by.
  Result<ClusterAccess> access();
  // Reads again; whether it is other than `used`.
  bool changed_since(const ClusterAccess& used);

  Loop& loop_;
  HttpClient& http_;
  const ClusterCredentials& credentials_;
  const Clock& clock_;
  std::optional<ClusterAccess> access_;
  Instant read_at_{};
};

}  // namespace schedkit
