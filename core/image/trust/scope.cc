#include "core/image/trust/scope.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/text.h"

namespace schedkit {
namespace {

// `path` and everything above it up to `least` bytes, longest first.
void add_parents(std::string path, std::size_t least, std::vector<std::string>& candidates) {
  while (path.size() > least) {
    candidates.push_back(path);
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

// Every prefix that covers `image`, the most specific one first.
std::vector<std::string> candidates_for(const Reference& image) {
  std::vector<std::string> candidates;
  if (image.kind == Reference::Kind::layout) {
    add_parents("oci:" + image.path, 4, candidates);
    candidates.push_back("oci:");
    return candidates;
  }
  const std::string repository = image.domain + "/" + image.path;
  if (image.digest) candidates.push_back(repository + "@" + image.digest->to_string());
  // A tag beside a digest is only shown, so it decides nothing.
  if (!image.digest && !image.tag.empty()) candidates.push_back(repository + ":" + image.tag);
  add_parents(repository, 0, candidates);
  std::string_view host = std::string_view(image.domain).substr(0, image.domain.rfind(':'));
  for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.')) {
    host.remove_prefix(dot + 1);
    candidates.push_back("*." + std::string(host));
  }
  return candidates;
}

}  // namespace

Result<void> check_scope(std::string_view prefix) {
  const auto bad = [&](std::string_view why) { return fail(Errc::invalid, "{}: {}", quote(prefix), why); };
  if (prefix.empty()) return bad("it is empty; what holds for all other images is \"default\"");
  if (prefix == "oci:") return {};
  if (prefix.ends_with('/')) return bad("leave the \"/\" at the end out; whole components are compared anyway");
  if (prefix.starts_with("oci:")) {
    const auto reference = parse_reference(prefix);
    if (!reference || reference->kind != Reference::Kind::layout) return bad("write oci:/DIRECTORY");
    if (reference->to_string() != prefix || !reference->tag.empty() || reference->digest)
      return bad("write the directory plainly, without tag and digest");
    return {};
  }
  if (prefix.starts_with("*.")) {
    if (prefix.find('/') != std::string_view::npos || !check_scope(prefix.substr(2))) return bad("write *.DOMAIN");
    return {};
  }
  if (prefix.find('*') != std::string_view::npos) return bad("\"*\" may only stand for the first part of a host");
  const auto slash = prefix.find('/');
  if (slash == std::string_view::npos) {
    if (!parse_reference(std::string(prefix) + "/x")) return bad("it is no host");
    return {};
  }
  auto reference = parse_policy_reference(prefix);
  if (!reference) return fail(std::move(reference.error()));
  const std::string name = reference->domain + "/" + reference->path;
  if (!prefix.starts_with(name)) return bad(fmt::format("write {}", quote(name)));
  return {};
}

const TrustScope* find_scope(const TrustPolicy& policy, const Reference& image) {
  for (const std::string& candidate : candidates_for(image)) {
    const auto found = std::ranges::find(policy.scopes, candidate, &TrustScope::prefix);
    if (found != policy.scopes.end()) return &*found;
  }
  return nullptr;
}

}  // namespace schedkit
