// Where an image is asked for: mirrors and rewriting (containers-registries.conf(5)). Pure.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/reference.h"
#include "core/image/registry/settings.h"

namespace schedkit {

struct Endpoint {
  std::string host;        // host[:port] as configured: names its certificates and credentials
  std::string repository;  // there
  bool insecure = false;
  bool mirror = false;

  std::string name() const { return host + "/" + repository; }
  // Whom to connect to; only docker.io has its API elsewhere.
  std::string api_host() const { return host == "docker.io" ? "registry-1.docker.io" : host; }

  bool operator==(const Endpoint&) const = default;
};

// The rule whose prefix is the longest that fits; nullptr when none does.
const RegistryRule* find_rule(const Reference& reference, const std::vector<RegistryRule>& rules);

// The mirrors that may serve this reference, then the registry itself. Errc::denied when it is blocked, Errc::invalid
// when a rule makes no usable name of it.
Result<std::vector<Endpoint>> endpoints_for(const Reference& reference, const std::vector<RegistryRule>& rules);

// The registry itself, without its mirrors.
Result<Endpoint> primary_endpoint(const Reference& reference, const std::vector<RegistryRule>& rules);

}  // namespace schedkit
