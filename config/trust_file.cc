#include "config/trust_file.h"

#include "config/trust_yaml.h"
#include "core/base/file.h"
#include "core/image/trust/containers_policy.h"

namespace schedkit {

Result<TrustPolicy> load_trust_file(const std::string& path) {
  constexpr std::size_t largest_file = 1u << 20;
  auto text = read_file(path, largest_file);
  if (!text) return fail(with_context(std::move(text.error()), "trust policy"));
  return path.ends_with(".json") ? parse_containers_policy(*text, path) : parse_trust_yaml(*text, path);
}

Result<TrustPolicy> load_trust_policy(const Settings& settings) {
  return settings.trust_file.empty() ? settings.trust : load_trust_file(settings.trust_file);
}

}  // namespace schedkit
