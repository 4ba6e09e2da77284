// Where the API server is, whom we believe there and who we are.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/net/http.h"

namespace schedkit {

struct ClusterAccess {
  std::string server;  // "https://10.0.0.1:443", without a slash at the end
  Tls tls;
  std::string token = {};  // sent as Bearer; "" for none

  bool operator==(const ClusterAccess&) const = default;
};

class ClusterCredentials {
 public:
  virtual ~ClusterCredentials() = default;
  // As the files are now: tokens and authorities are exchanged while we run. Reads small local files.
  virtual Result<ClusterAccess> read() const = 0;
};

// Of a pod: the environment's KUBERNETES_SERVICE_HOST and _PORT, and `token` and `ca.crt` in `directory`, which the
// kubelet keeps fresh. Errc::not_found outside of a cluster.
Result<std::unique_ptr<ClusterCredentials>> in_cluster_credentials(
    const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

// The current context of a kubeconfig: server, certificate-authority(-data), insecure-skip-tls-verify, token(File),
// client-certificate(-data) and client-key(-data). Errc::unsupported for exec and auth-provider plugins, passwords,
// proxy-url and tls-server-name: nothing that was asked for is ignored. Paths are relative to the file.
Result<std::unique_ptr<ClusterCredentials>> kubeconfig_credentials(const std::string& file);

// What kubectl would do: `kubeconfig` when it is not "", else the cluster's own files.
Result<std::unique_ptr<ClusterCredentials>> find_credentials(const std::string& kubeconfig);

}  // namespace schedkit
