#include "k8s/api_request.h"

#include <fmt/format.h>

#include "core/net/url.h"

namespace schedkit {

namespace {

constexpr int page_size = 500;
// The server ends a watch by itself; this much later the connection must be dead.
constexpr Duration watch_grace = std::chrono::seconds(30);

std::string with_query(std::string path, const std::string& selector, const std::string& rest) {
  path += "?" + selector;
  if (!selector.empty() && !rest.empty()) path += "&";
  return path + rest;
}

std::string accept(const ApiResource& resource, const char* form) {
  if (!resource.metadata_only) return "application/json";
  return fmt::format("application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1", form);
}

}  // namespace

std::string ApiResource::path() const {
  const auto place = name_space.empty() ? "" : "/namespaces/" + percent_encode(name_space);
  return fmt::format("/{}{}/{}", api, place, plural);
}

std::string ApiResource::path(std::string_view name) const { return path() + "/" + percent_encode(name); }

namespace resources {

constexpr const char* group = "apis/sked.schedkit.io/";

ApiResource sched_policies() { return {.api = std::string(group) + "v1alpha1", .plural = "schedpolicies"}; }
ApiResource sched_exts() { return {.api = std::string(group) + "v1", .plural = "schedexts"}; }
ApiResource node_scheds() { return {.api = std::string(group) + "v1alpha1", .plural = "nodescheds"}; }
ApiResource nodes() { return {.api = "api/v1", .plural = "nodes"}; }

ApiResource node_sched(std::string_view name) {
  auto resource = node_scheds();
  resource.selector = "fieldSelector=metadata.name%3D" + percent_encode(name);
  return resource;
}

ApiResource node(std::string_view name) {
  auto resource = nodes();
  resource.selector = "fieldSelector=metadata.name%3D" + percent_encode(name);
  resource.metadata_only = true;
  return resource;
}

ApiResource pods_of_node(std::string_view node) {
  return {.api = "api/v1",
          .plural = "pods",
          .selector = "fieldSelector=spec.nodeName%3D" + percent_encode(node),
          .metadata_only = true};
}

ApiResource events(std::string name_space) {
  return {.api = "api/v1", .plural = "events", .name_space = std::move(name_space)};
}

ApiResource leases(std::string name_space) {
  return {.api = "apis/coordination.k8s.io/v1", .plural = "leases", .name_space = std::move(name_space)};
}

}  // namespace resources

ApiRequest get_request(const ApiResource& resource, std::string_view name) { return {.path = resource.path(name)}; }

ApiRequest list_request(const ApiResource& resource, std::string_view next) {
  auto query = fmt::format("limit={}", page_size);
  if (!next.empty()) query += "&continue=" + percent_encode(next);
  return {.path = with_query(resource.path(), resource.selector, query), .accept = accept(resource, "List")};
}

ApiRequest watch_request(const ApiResource& resource, std::string_view version, int seconds) {
  const auto query = fmt::format("watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                                 percent_encode(version), seconds);
  return {.path = with_query(resource.path(), resource.selector, query),
          .accept = accept(resource, ""),
          .timeout = std::chrono::seconds(seconds) + watch_grace};
}

ApiRequest create_request(const ApiResource& resource, nlohmann::json object) {
  return {.method = "POST", .path = resource.path(), .body = std::move(object)};
}

ApiRequest replace_request(const ApiResource& resource, std::string_view name, nlohmann::json object) {
  return {.method = "PUT", .path = resource.path(name), .body = std::move(object)};
}

ApiRequest apply_request(const ApiResource& resource, std::string_view name, std::string_view subresource,
                         std::string_view manager, nlohmann::json object) {
  const auto below = subresource.empty() ? "" : "/" + std::string(subresource);
  return {.method = "PATCH",
          .path = fmt::format("{}{}?fieldManager={}&force=true", resource.path(name), below, percent_encode(manager)),
          .body = std::move(object),
          .content_type = "application/apply-patch+yaml"};
}

ApiRequest merge_request(const ApiResource& resource, std::string_view name, nlohmann::json patch) {
  return {.method = "PATCH",
          .path = resource.path(name),
          .body = std::move(patch),
          .content_type = "application/merge-patch+json"};
}

}  // namespace schedkit
