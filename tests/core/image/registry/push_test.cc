// Sending blobs and manifests to a registry that answers as it should, and to some that do not.
#include <mutex>
#include <optional>

#include "core/image/hasher.h"
#include "core/image/registry/client.h"
#include "tests/core/image/image_fixture.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/http_server.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;
using fakes::HttpServer;
using fakes::Reply;
using fakes::ServedRequest;

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";

}  // namespace

TEST_GROUP(RegistryPush) {
  test::TempTree tree;
  Loop loop;
  HttpClient http{loop};
  fakes::FakeClock clock;
  std::optional<RegistryClient> client;
  RegistryCallPtr call;
  const std::string bytes = std::string(300'000, 'x') + "end";
  Descriptor blob{
      .media_type = "", .digest = *digest_of(bytes), .size = bytes.size(), .annotations = {}, .platform = {}};

  void setup() override {
    RegistrySettings settings;
    settings.certificate_directories = {tree.at("certs.d")};
    settings.auth_files = {tree.at("auth.json")};
    client.emplace(loop, http, clock, settings, ImageLimits{},
                   RegistryHooks{.retry = {.wait = 1ms, .busy_wait = 1ms}, .random = [] { return 0.5; }});
    test::write(tree.at("blob"), bytes);
  }

  Reference at(const HttpServer& server, const std::string& rest = "/test/app:v1") {
    return *parse_reference(server.host() + rest);
  }
  std::string blob_target() const { return "/v2/test/app/blobs/" + blob.digest.to_string(); }

  Result<void> push(const HttpServer& server) {
    std::optional<Result<void>> got;
    call = client->push_blob(at(server), blob, tree.at("blob"), [&](Result<void> sent) { got = std::move(sent); });
    run_until(loop, [&] { return got.has_value(); });
    return *got;
  }
  Result<Digest> push_manifest(const Reference& to, const std::string& manifest) {
    std::optional<Result<Digest>> got;
    call = client->push_manifest(to, manifest, manifest_type, [&](Result<Digest> sent) { got = std::move(sent); });
    run_until(loop, [&] { return got.has_value(); });
    return *got;
  }

  void accepts(const Result<void>& sent) { CHECK_TRUE_TEXT(sent.has_value(), sent ? "" : sent.error().text.c_str()); }
  template <class T>
  void refuses(const Result<T>& sent, Errc code, const char* words) {
    CHECK_FALSE(sent.has_value());
    STRCMP_EQUAL(std::string(to_string(code)).c_str(), std::string(to_string(sent.error().code)).c_str());
    STRCMP_CONTAINS(words, sent.error().text.c_str());
  }
};

TEST(RegistryPush, a_blob_that_is_there_is_not_sent) {
  HttpServer server([](const ServedRequest&) { return Reply{}; });
  accepts(push(server));
  LONGS_EQUAL(1, server.count("HEAD", blob_target()));
  LONGS_EQUAL(0, server.count("POST", "/v2/test/app/blobs/uploads/"));
}

// distribution-spec, "POST then PUT": the place is the registry's to choose, relative or not, with a query of its own.
TEST(RegistryPush, a_blob_goes_where_the_registry_says) {
  HttpServer server([](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") return {.status = 404};
    if (request.method == "POST")
      return {.status = 202, .headers = {{"Location", "/v2/test/app/blobs/uploads/7?state=a%2Fb"}}};
    return {.status = 201};
  });
  accepts(push(server));
  const auto sent = server.requests().back();
  STRCMP_EQUAL("PUT", sent.method.c_str());
  const std::string digest = "digest=sha256%3A" + blob.digest.hex;
  STRCMP_EQUAL(("/v2/test/app/blobs/uploads/7?state=a%2Fb&" + digest).c_str(), sent.target.c_str());
  CHECK_TRUE(sent.body == bytes);
}

TEST(RegistryPush, a_place_on_another_host_is_not_given_our_credentials) {
  HttpServer elsewhere([](const ServedRequest&) { return Reply{.status = 201}; });
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.header("authorization").empty()) {
      return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"test\""}}};
    }
    if (request.method == "HEAD") return {.status = 404};
    return {.status = 202, .headers = {{"Location", elsewhere.url() + "/upload"}}};
  });
  test::write(tree.at("auth.json"), R"({"auths":{")" + server.host() + R"(":{"auth":"bWU6c2VjcmV0"}}})");
  (void)push(server);
  for (const auto& request : elsewhere.requests()) STRCMP_EQUAL("", request.header("authorization").c_str());
}

TEST(RegistryPush, a_registry_that_takes_no_blob) {
  HttpServer forbids([](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") return {.status = 404};
    return {.status = 403, .body = R"({"errors":[{"code":"DENIED","message":"read only"}]})"};
  });
  refuses(push(forbids), Errc::denied, "read only");
  HttpServer unhappy([](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") return {.status = 404};
    if (request.method == "POST") return {.status = 202, .headers = {{"Location", "/here"}}};
    return {.status = 400, .body = R"({"errors":[{"code":"DIGEST_INVALID","message":"not what you said"}]})"};
  });
  refuses(push(unhappy), Errc::invalid, "not what you said");
}

TEST(RegistryPush, a_registry_that_names_no_place) {
  HttpServer server([](const ServedRequest& request) {
    return Reply{.status = request.method == "HEAD" ? 404 : request.method == "POST" ? 202 : 201};
  });
  refuses(push(server), Errc::invalid, "names no place");
  for (const auto& request : server.requests()) CHECK_TRUE(request.method != "PUT");
}

TEST(RegistryPush, a_file_that_is_shorter_than_its_blob) {
  test::write(tree.at("blob"), "short");
  HttpServer server([](const ServedRequest& request) -> Reply {
    if (request.method == "HEAD") return {.status = 404};
    if (request.method == "POST") return {.status = 202, .headers = {{"Location", "/here"}}};
    return {.status = 201};
  });
  const auto sent = push(server);
  CHECK_FALSE(sent.has_value());
  STRCMP_CONTAINS("blob", sent.error().text.c_str());
}

TEST(RegistryPush, a_manifest_by_tag_and_by_digest) {
  HttpServer server([](const ServedRequest&) { return Reply{.status = 201}; });
  const std::string manifest = R"({"schemaVersion":2})";
  const auto by_tag = push_manifest(at(server), manifest);
  CHECK_TRUE(by_tag && *by_tag == *digest_of(manifest));
  STRCMP_EQUAL("/v2/test/app/manifests/v1", server.requests().back().target.c_str());
  STRCMP_EQUAL(manifest_type, server.requests().back().header("content-type").c_str());
  STRCMP_EQUAL(manifest.c_str(), server.requests().back().body.c_str());
  const auto by_digest = push_manifest(at(server, "/test/app@" + digest_of(manifest)->to_string()), manifest);
  CHECK_TRUE(by_digest.has_value());
  STRCMP_EQUAL(("/v2/test/app/manifests/" + digest_of(manifest)->to_string()).c_str(),
               server.requests().back().target.c_str());
}

TEST(RegistryPush, a_manifest_of_another_digest_is_not_sent) {
  HttpServer server([](const ServedRequest&) { return Reply{.status = 201}; });
  refuses(push_manifest(at(server, "/test/app@sha256:" + std::string(64, '0')), "{}"), Errc::integrity, "has digest");
  LONGS_EQUAL(0, server.requests().size());
}
