#include "core/image/registry/endpoints.h"

#include "core/base/text.h"

namespace schedkit {
namespace {

bool is_wildcard(const RegistryRule& rule) { return rule.prefix.starts_with("*."); }

// How much of `name` (host/repository, with ":tag" or "@digest") the rule's prefix covers; 0: it does not fit.
std::size_t covered(const RegistryRule& rule, const std::string& name) {
  if (is_wildcard(rule)) {
    const std::string host = name.substr(0, name.find('/'));
    const std::string_view suffix = std::string_view(rule.prefix).substr(1);
    return host.size() > suffix.size() && host.ends_with(suffix) ? host.size() : 0;
  }
  if (!name.starts_with(rule.prefix)) return 0;
  const bool ends = name.size() == rule.prefix.size() ||
                    std::string_view("/:@").find(name[rule.prefix.size()]) != std::string_view::npos;
  return ends ? rule.prefix.size() : 0;
}

std::string logical_name(const Reference& reference) { return reference.domain + "/" + reference.path; }

Result<Endpoint> endpoint_at(const Reference& reference, const std::string& location, std::size_t prefix,
                             const RegistryRule& rule) {
  const std::string name =
      location.empty() ? logical_name(reference) : location + logical_name(reference).substr(prefix);
  auto parsed = parse_policy_reference(name + "@sha256:" + std::string(64, '0'));
  const auto slash = name.find('/');
  if (!parsed || parsed->kind != Reference::Kind::registry || slash == std::string::npos) {
    return fail({Errc::invalid,
                 fmt::format("the location {} makes {} of {}, which is no image name", quote(location), quote(name),
                             quote(logical_name(reference))),
                 rule.where});
  }
  return Endpoint{parsed->domain, parsed->path, rule.insecure, false};
}

bool serves(const RegistryMirror& mirror, const Reference& reference) {
  const bool by_digest = reference.digest.has_value();
  return mirror.use == RegistryMirror::Use::all || (mirror.use == RegistryMirror::Use::digest_only) == by_digest;
}

}  // namespace

const RegistryRule* find_rule(const Reference& reference, const std::vector<RegistryRule>& rules) {
  std::string name = logical_name(reference);
  if (reference.digest) {
    name += "@" + reference.digest->to_string();
  } else if (!reference.tag.empty()) {
    name += ":" + reference.tag;
  }
  const RegistryRule* best = nullptr;
  for (const auto& rule : rules) {
    if (covered(rule, name) > 0 && (best == nullptr || rule.prefix.size() > best->prefix.size())) best = &rule;
  }
  return best;
}

Result<Endpoint> primary_endpoint(const Reference& reference, const std::vector<RegistryRule>& rules) {
  const RegistryRule* rule = find_rule(reference, rules);
  if (rule == nullptr) return Endpoint{reference.domain, reference.path, false, false};
  if (rule->blocked) {
    return fail({Errc::denied, fmt::format("{} is blocked: its rule says so", rule->prefix), rule->where});
  }
  return endpoint_at(reference, rule->location,
                     std::min(covered(*rule, logical_name(reference)), logical_name(reference).size()), *rule);
}

Result<std::vector<Endpoint>> endpoints_for(const Reference& reference, const std::vector<RegistryRule>& rules) {
  auto primary = primary_endpoint(reference, rules);
  if (!primary) return fail(std::move(primary.error()));
  std::vector<Endpoint> endpoints;
  if (const RegistryRule* rule = find_rule(reference, rules)) {
    const std::size_t prefix = covered(*rule, logical_name(reference));
    for (const auto& mirror : rule->mirrors) {
      if (!serves(mirror, reference)) continue;
      auto endpoint = endpoint_at(reference, mirror.location, prefix, *rule);
      if (!endpoint) return fail(std::move(endpoint.error()));
      endpoint->insecure = mirror.insecure;
      endpoint->mirror = true;
      endpoints.push_back(std::move(*endpoint));
    }
  }
  endpoints.push_back(std::move(*primary));
  return endpoints;
}

}  // namespace schedkit
