// The requests that sked makes of an API server: https://kubernetes.io/docs/reference/using-api/api-concepts/. Pure.
#pragma once

#include <string>
#include <string_view>

#include "k8s/api_client.h"

namespace schedkit {

// A collection of objects.
struct ApiResource {
  std::string api;              // "api/v1", "apis/sked.schedkit.io/v1alpha1"
  std::string plural;           // "nodes"
  std::string name_space = {};  // "": cluster-scoped, or in all namespaces
  std::string selector = {};    // of list and watch: "fieldSelector=metadata.name%3Dn1", "" for all
  bool metadata_only = false;   // of list and watch: PartialObjectMetadata

  // "/api/v1/namespaces/default/events".
  std::string path() const;
  std::string path(std::string_view name) const;
};

namespace resources {
ApiResource sched_policies();
ApiResource sched_exts();
ApiResource node_scheds();
ApiResource nodes();
ApiResource node_sched(std::string_view name);    // of node_scheds(), the one
ApiResource node(std::string_view name);          // of nodes(), the one; its metadata
ApiResource pods_of_node(std::string_view node);  // in all namespaces; their metadata
ApiResource events(std::string name_space);
ApiResource leases(std::string name_space);
}  // namespace resources

ApiRequest get_request(const ApiResource& resource, std::string_view name);

// One page of at most 500; `next` is metadata.continue of the page before, "" for the first. The first is as new as any
// write that was answered: no cache of the server that lags behind.
ApiRequest list_request(const ApiResource& resource, std::string_view next);

// What happens after `version`, for `seconds`; with bookmarks.
ApiRequest watch_request(const ApiResource& resource, std::string_view version, int seconds);

ApiRequest create_request(const ApiResource& resource, nlohmann::json object);

// Replaces it; 409 unless metadata.resourceVersion is that of the server.
ApiRequest replace_request(const ApiResource& resource, std::string_view name, nlohmann::json object);

// Server-side apply by `manager`, who owns the fields it gives, also against others. `subresource`: "" or "status".
// Needs `patch` on what it names; an object that is not there is 404 for a subresource.
ApiRequest apply_request(const ApiResource& resource, std::string_view name, std::string_view subresource,
                         std::string_view manager, nlohmann::json object);

// A merge patch: https://datatracker.ietf.org/doc/html/rfc7396.
ApiRequest merge_request(const ApiResource& resource, std::string_view name, nlohmann::json patch);

}  // namespace schedkit
