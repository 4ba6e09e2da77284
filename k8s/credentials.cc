#include "k8s/credentials.h"

#include <cstdlib>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/net/url.h"
#include "k8s/kubeconfig.h"

namespace schedkit {

namespace {

class InCluster final : public ClusterCredentials {
 public:
  InCluster(std::string server, std::string directory) : server_(std::move(server)), directory_(std::move(directory)) {}

  Result<ClusterAccess> read() const override {
    auto token = read_file(directory_ + "/token", largest_credential);
    if (!token) return fail(std::move(token.error()));
    auto authorities = read_file(directory_ + "/ca.crt", largest_credential);
    if (!authorities) return fail(std::move(authorities.error()));
    return ClusterAccess{.server = server_,
                         .tls = {.authorities = std::move(*authorities), .system_authorities = false},
                         .token = std::string(trim(*token))};
  }

 private:
  std::string server_;
  std::string directory_;
};

class Kubeconfig final : public ClusterCredentials {
 public:
  explicit Kubeconfig(std::string file) : file_(std::move(file)) {}

  Result<ClusterAccess> read() const override {
    auto text = read_file(file_, largest_kubeconfig);
    if (!text) return fail(std::move(text.error()));
    return read_kubeconfig(*text, file_);
  }

 private:
  std::string file_;
};

}  // namespace

Result<std::unique_ptr<ClusterCredentials>> in_cluster_credentials(const std::string& directory) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr || *host == '\0' || *port == '\0') {
    return fail(Errc::not_found,
                "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give --kubeconfig");
  }
  const bool bare_ipv6 = std::string_view(host).find(':') != std::string_view::npos && *host != '[';
  auto server = parse_url(fmt::format(fmt::runtime(bare_ipv6 ? "https://[{}]:{}" : "https://{}:{}"), host, port));
  if (!server) return fail(with_context(std::move(server.error()), "KUBERNETES_SERVICE_HOST and _PORT"));
  return std::make_unique<InCluster>(server->origin(), directory);
}

Result<std::unique_ptr<ClusterCredentials>> kubeconfig_credentials(const std::string& file) {
  auto credentials = std::make_unique<Kubeconfig>(file);
  if (auto now = credentials->read(); !now) return fail(std::move(now.error()));
  return credentials;
}

Result<std::unique_ptr<ClusterCredentials>> find_credentials(const std::string& kubeconfig) {
  return kubeconfig.empty() ? in_cluster_credentials() : kubeconfig_credentials(kubeconfig);
}

}  // namespace schedkit
