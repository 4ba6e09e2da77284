// What the verbs of sked that ask a cluster stand on: a loop, and the API server on it.
#pragma once

#include <functional>
#include <random>

#include "core/base/clock.h"
#include "core/loop/loop.h"
#include "core/net/http.h"
#include "k8s/credentials.h"
#include "k8s/http_api_client.h"

namespace schedkit {

struct ClusterConnection {
  // `credentials` must outlive it; `connections` at a time.
  explicit ClusterConnection(const ClusterCredentials& credentials, long connections = HttpClientOptions().connections)
      : http(loop, {.connections = connections, .user_agent = "sked/" SCHEDKIT_VERSION}),
        api(loop, http, credentials, clock) {}

  // Gives [0, 1); for as long as this lives.
  std::function<double()> random() {
    return [this] { return std::uniform_real_distribution<double>(0, 1)(generator); };
  }

  Loop loop;
  const SystemClock clock;
  HttpClient http;
  HttpApiClient api;
  std::mt19937 generator{std::random_device{}()};
};

}  // namespace schedkit
