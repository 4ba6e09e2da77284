#include "k8s/policy.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/image/hasher.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr std::string_view group = "sked.schedkit.io/";
constexpr std::size_t longest_file_name = 200;
constexpr std::array spec_fields{"priority", "suspend", "nodeSelector",  "default",
                                 "rules",    "rollout", "deletionPolicy"};

// DNS subdomain, which also keeps a name from leaving its directory: RFC 1123 as Kubernetes has it.
bool is_object_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, fits) && name.front() != '.' &&
         name.front() != '-';
}

Result<PolicySource> read_source(const Json& object) {
  PolicySource source;
  source.kind = text_at(object, {"kind"}) == "SchedExt" ? ObjectKind::sched_ext : ObjectKind::sched_policy;
  source.name = text_at(object, {"metadata", "name"});
  source.uid = text_at(object, {"metadata", "uid"});
  if (source.kind == ObjectKind::sched_ext) {
    source.name_space = text_at(object, {"metadata", "namespace"});
    if (source.name_space.empty()) source.name_space = "default";
  }
  const auto generation = object.at("metadata").find("generation");
  if (generation != object.at("metadata").end() && generation->is_number_integer()) source.generation = *generation;
  if (!is_object_name(source.name) || (!source.name_space.empty() && !is_object_name(source.name_space))) {
    return fail(Errc::invalid, "{}: metadata.name must be a DNS subdomain in lower case", source.title());
  }
  return source;
}

Result<SchedPolicy> read_sched_ext(SchedPolicy policy, const Json& spec) {
  const auto image = text_at(spec, {"sched"});
  if (image.empty()) return fail(Errc::invalid, "{}: spec.sched must name an image", policy.source.title());
  policy.priority = 0;
  policy.fallback = {{"image", image}};
  return policy;
}

Result<void> read_priority(SchedPolicy& policy, const Json& spec) {
  const auto found = spec.find("priority");
  if (found == spec.end() || found->is_null()) return {};
  if (!found->is_number_integer() || *found < 0 || *found > 1000) {
    return fail(Errc::invalid, "{}: spec.priority must be an integer from 0 to 1000", policy.source.title());
  }
  policy.priority = *found;
  return {};
}

Result<void> read_bodies(SchedPolicy& policy, const Json& spec) {
  const auto title = policy.source.title();
  if (const auto found = spec.find("suspend"); found != spec.end() && !found->is_null()) {
    if (!found->is_boolean()) return fail(Errc::invalid, "{}: spec.suspend must be true or false", title);
    policy.suspend = *found;
  }
  const auto deletion = text_at(spec, {"deletionPolicy"});
  if (!deletion.empty() && deletion != "Revert" && deletion != "Keep") {
    return fail(Errc::invalid, "{}: spec.deletionPolicy must be Revert or Keep", title);
  }
  policy.keep = deletion == "Keep";
  if (const auto found = spec.find("default"); found != spec.end()) policy.fallback = *found;
  if (const auto found = spec.find("rules"); found != spec.end() && !found->is_null()) {
    if (!found->is_array()) return fail(Errc::invalid, "{}: spec.rules must be a list", title);
    policy.rules = *found;
  }
  if (policy.fallback.is_null() && policy.rules.empty()) {
    return fail(Errc::invalid, "{}: spec gives neither default nor rules", title);
  }
  return {};
}

}  // namespace

std::string_view to_string(ObjectKind kind) { return kind == ObjectKind::sched_ext ? "SchedExt" : "SchedPolicy"; }

std::string PolicySource::title() const {
  return fmt::format("{} {}{}{}", to_string(kind), name_space, name_space.empty() ? "" : "/", name);
}

std::string PolicySource::file_name() const {
  // '_' is in no name of an object, so nothing else gets this one.
  const auto whole = name_space.empty() ? name : name_space + "_" + name;
  const std::string prefix = "k8s-";
  const std::string suffix = ".toml";
  if (prefix.size() + whole.size() + suffix.size() <= longest_file_name) return prefix + whole + suffix;
  const auto digest = digest_of(whole);
  const auto tail = "_" + (digest ? digest->hex.substr(0, 32) : std::string());
  return prefix + whole.substr(0, longest_file_name - prefix.size() - suffix.size() - tail.size()) + tail + suffix;
}

bool is_policy(const Json& object) {
  const auto version = text_at(object, {"apiVersion"});
  const auto kind = text_at(object, {"kind"});
  if (!version.starts_with(group)) return false;
  const auto number = version.substr(group.size());
  return (kind == "SchedPolicy" && number == "v1alpha1") || (kind == "SchedExt" && number == "v1");
}

Result<SchedPolicy> read_policy(const Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) {
    return fail(Errc::invalid, "a {} without metadata", text_at(object, {"kind"}));
  }
  auto source = read_source(object);
  if (!source) return fail(std::move(source.error()));
  SchedPolicy policy{.source = std::move(*source)};
  const auto title = policy.source.title();
  const auto spec = object.find("spec");
  if (spec == object.end() || !spec->is_object()) return fail(Errc::invalid, "{}: spec is missing", title);
  if (policy.source.kind == ObjectKind::sched_ext) return read_sched_ext(std::move(policy), *spec);
  for (const auto& [name, value] : spec->items()) {
    if (std::ranges::find(spec_fields, name) != spec_fields.end()) continue;
    return fail(Errc::invalid, "{}: unknown field spec.{}; known are {}", title, quote(name, 64),
                fmt::join(spec_fields, ", "));
  }
  if (auto read = read_priority(policy, *spec); !read) return fail(std::move(read.error()));
  if (auto read = read_bodies(policy, *spec); !read) return fail(std::move(read.error()));
  auto nodes = read_selector(spec->value("nodeSelector", Json()), title + ": spec.nodeSelector");
  if (!nodes) return fail(std::move(nodes.error()));
  policy.nodes = std::move(*nodes);
  return policy;
}

}  // namespace schedkit
