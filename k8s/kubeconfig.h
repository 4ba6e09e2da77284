// kubeconfig files: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "k8s/credentials.h"

namespace schedkit {

constexpr std::size_t largest_kubeconfig = 1 << 20;
constexpr std::size_t largest_credential = 1 << 20;  // a file that it names, or one of a pod

// What kubeconfig_credentials() is about. `file` is where `text` comes from.
Result<ClusterAccess> read_kubeconfig(std::string_view text, const std::string& file);

}  // namespace schedkit
