#include "k8s/api_request.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(ApiRequest){};

TEST(ApiRequest, paths) {
  STRCMP_EQUAL("/apis/sked.schedkit.io/v1alpha1/schedpolicies", resources::sched_policies().path().c_str());
  STRCMP_EQUAL("/apis/sked.schedkit.io/v1/schedexts", resources::sched_exts().path().c_str());
  STRCMP_EQUAL("/api/v1/namespaces/default/events", resources::events("default").path().c_str());
  STRCMP_EQUAL("/api/v1/nodes/a%2Fb", get_request(resources::nodes(), "a/b").path.c_str());
}

TEST(ApiRequest, lists_come_in_pages) {
  const auto node = resources::node("n1");
  STRCMP_EQUAL("/api/v1/nodes?fieldSelector=metadata.name%3Dn1&limit=500", list_request(node, "").path.c_str());
  STRCMP_EQUAL("/api/v1/nodes?fieldSelector=metadata.name%3Dn1&limit=500&continue=a%3D%26",
               list_request(node, "a=&").path.c_str());
  STRCMP_EQUAL("/apis/sked.schedkit.io/v1/schedexts?limit=500", list_request(resources::sched_exts(), "").path.c_str());
}

TEST(ApiRequest, a_watch_is_given_up_a_little_after_the_server_should_have_ended_it) {
  const auto request = watch_request(resources::pods_of_node("n1"), "17", 300);
  STRCMP_EQUAL(
      "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&"
      "watch=1&allowWatchBookmarks=true&resourceVersion=17&timeoutSeconds=300",
      request.path.c_str());
  CHECK(request.timeout == Duration(330s));
  STRCMP_EQUAL("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", request.accept.c_str());
  STRCMP_EQUAL("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
               list_request(resources::node("n1"), "").accept.c_str());
  STRCMP_EQUAL("application/json", list_request(resources::node_sched("n1"), "").accept.c_str());
}

TEST(ApiRequest, writes) {
  const auto apply = apply_request(resources::node_scheds(), "n1", "status", "sked-agent", {{"a", 1}});
  STRCMP_EQUAL("PATCH", apply.method.c_str());
  STRCMP_EQUAL("/apis/sked.schedkit.io/v1alpha1/nodescheds/n1/status?fieldManager=sked-agent&force=true",
               apply.path.c_str());
  STRCMP_EQUAL("application/apply-patch+yaml", apply.content_type.c_str());
  STRCMP_EQUAL("POST", create_request(resources::events("default"), {}).method.c_str());
  STRCMP_EQUAL("application/merge-patch+json", merge_request(resources::nodes(), "n", {}).content_type.c_str());
}
