#include "core/image/registry/client.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>

#include "core/image/hasher.h"
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

constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
const std::string index_text =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";

class Sink final : public BlobSink {
 public:
  Result<HttpFlow> write(std::string_view piece) override {
    bytes.append(piece);
    return HttpFlow::more;
  }
  std::string bytes;
};

std::string made_up(std::size_t size) {
  std::string bytes(size, '\0');
  unsigned state = 1;
  for (auto& byte : bytes) byte = static_cast<char>((state = state * 1103515245u + 12345u) >> 16);
  return bytes;
}

}  // namespace

TEST_GROUP(RegistryClient) {
  test::TempTree tree;
  Loop loop;
  HttpClient http{loop};
  fakes::FakeClock clock;
  RegistrySettings settings;
  std::optional<RegistryClient> client;
  RegistryCallPtr call;
  Sink sink;

  RegistryClient& registry() {
    settings.certificate_directories = {tree.at("certs.d")};
    settings.auth_files = {tree.at("auth.json")};
    if (!client) {
      client.emplace(loop, http, clock, settings, ImageLimits{},
                     RegistryHooks{.retry = {.wait = 1ms, .busy_wait = 1ms}, .random = [] { return 0.5; }});
    }
    return *client;
  }
  Reference at(const HttpServer& server, const std::string& rest = "/test/app:v1") {
    return *parse_reference(server.host() + rest);
  }
  Result<FetchedManifest> manifest(const Reference& reference) {
    std::optional<Result<FetchedManifest>> got;
    call = registry().fetch_manifest(reference, [&](Result<FetchedManifest> m) { got = std::move(m); });
    run_until(loop, [&] { return got.has_value(); });
    return *got;
  }
  Descriptor blob_of(const std::string& bytes) {
    Descriptor blob;
    blob.digest = *digest_of(bytes);
    blob.size = bytes.size();
    return blob;
  }
  Result<BlobEnd> blob(const Reference& reference, const Descriptor& wanted, BlobStart start = {}) {
    std::optional<Result<BlobEnd>> got;
    sink.bytes.clear();
    call = registry().fetch_blob(reference, wanted, std::move(start), sink,
                                 [&](Result<BlobEnd> end) { got = std::move(end); });
    run_until(loop, [&] { return got.has_value(); });
    return *got;
  }
  static Reply index() { return {.headers = {{"Content-Type", index_type}}, .body = index_text}; }
};

TEST(RegistryClient, a_manifest_comes_with_type_and_digest) {
  HttpServer server([](const ServedRequest&) { return index(); });
  const auto got = manifest(at(server));
  CHECK_TRUE_TEXT(got.has_value(), got ? "" : got.error().text.c_str());
  STRCMP_EQUAL(index_text.c_str(), got->bytes.c_str());
  STRCMP_EQUAL(index_type, got->media_type.c_str());
  STRCMP_EQUAL(digest_of(index_text)->to_string().c_str(), got->digest.to_string().c_str());
  STRCMP_CONTAINS("manifest.v2+json", server.requests().back().header("accept").c_str());
}

TEST(RegistryClient, a_manifest_of_another_digest_is_refused) {
  HttpServer server([](const ServedRequest& request) {
    auto reply = index();
    if (request.target.ends_with("v1"))
      reply.headers.push_back({"Docker-Content-Digest", "sha256:" + std::string(64, 'a')});
    return reply;
  });
  const auto pinned = manifest(at(server, "/test/app@sha256:" + std::string(64, '0')));
  CHECK_TRUE(!pinned && pinned.error().code == Errc::integrity);
  const auto hinted = manifest(at(server));
  CHECK_TRUE(!hinted && hinted.error().code == Errc::integrity);
}

TEST(RegistryClient, what_is_not_there_is_not_asked_for_again) {
  HttpServer server([](const ServedRequest&) {
    return Reply{.status = 404, .body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]})"};
  });
  const auto got = manifest(at(server));
  CHECK_TRUE(!got && got.error().code == Errc::not_found);
  STRCMP_CONTAINS("MANIFEST_UNKNOWN", got.error().text.c_str());
  LONGS_EQUAL(1, server.count("GET", "/v2/test/app/manifests/v1"));
}

TEST(RegistryClient, server_errors_are_tried_again_three_times) {
  HttpServer server([](const ServedRequest&) { return Reply{.status = 503}; });
  CHECK_FALSE(manifest(at(server)).has_value());
  LONGS_EQUAL(3, server.count("GET", "/v2/test/app/manifests/v1"));
}

TEST(RegistryClient, a_busy_registry_is_asked_again_when_it_says) {
  int asked = 0;
  HttpServer server([&](const ServedRequest&) -> Reply {
    if (++asked < 5) return {.status = 429, .headers = {{"Retry-After", "0"}}};
    return index();
  });
  CHECK_TRUE(manifest(at(server)).has_value());
  HttpServer for_ever([](const ServedRequest&) { return Reply{.status = 429, .headers = {{"Retry-After", "0"}}}; });
  const auto got = manifest(at(for_ever));
  CHECK_TRUE(!got && got.error().code == Errc::busy);
  LONGS_EQUAL(5, for_ever.count("GET", "/v2/test/app/manifests/v1"));
}

TEST(RegistryClient, endless_answers_are_cut_off) {
  std::string origin;
  bool token = true;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.target.starts_with("/token") || !token) {
      return {.headers = {{"Content-Type", index_type}},
              .body = std::string(60'000, ' '),
              .announced = -2,
              .endless = true};
    }
    return {.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + origin + "/token\""}}};
  });
  origin = server.url();
  const auto refused = manifest(at(server));
  CHECK_TRUE(!refused && refused.error().code == Errc::limit);
  token = false;
  const auto endless = manifest(at(server));
  CHECK_TRUE(!endless && endless.error().code == Errc::limit);
}

TEST(RegistryClient, a_token_is_got_and_kept) {
  std::string origin;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.target.starts_with("/token")) return {.body = R"({"token":"T1","expires_in":300})"};
    if (request.header("authorization") == "Bearer T1") return index();
    return {.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + origin + "/token\",service=\"s\""}}};
  });
  origin = server.url();
  CHECK_TRUE(manifest(at(server)).has_value());
  CHECK_TRUE(manifest(at(server)).has_value());
  LONGS_EQUAL(1, server.count("GET", "/token?service=s&scope=repository%3Atest%2Fapp%3Apull"));
}

TEST(RegistryClient, a_registry_cannot_send_us_to_addresses_inside) {
  HttpServer inside([](const ServedRequest&) { return Reply{.body = R"({"token":"T"})"}; });
  HttpServer server([&](const ServedRequest&) {
    return Reply{.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + inside.url() + "/token\""}}};
  });
  const auto got = manifest(at(server));
  CHECK_TRUE(!got && got.error().code == Errc::denied);
  LONGS_EQUAL(0, inside.requests().size());
}

TEST(RegistryClient, a_second_refusal_is_final) {
  std::string origin;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.target.starts_with("/token")) return {.body = R"({"token":"T1"})"};
    return {.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + origin + "/token\",scope=\"x:y:z\""}}};
  });
  origin = server.url();
  const auto got = manifest(at(server));
  CHECK_TRUE(!got && got.error().code == Errc::denied);
  LONGS_EQUAL(3, server.count("GET", "/v2/test/app/manifests/v1"));
}

TEST(RegistryClient, credentials_are_read_again_after_a_refusal) {
  std::string origin;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.target.starts_with("/token")) {
      if (request.header("authorization") != "Basic dTpw") return {.status = 401};
      return {.body = R"({"token":"T1"})"};
    }
    if (request.header("authorization") == "Bearer T1") return index();
    return {.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + origin + "/token\""}}};
  });
  origin = server.url();
  const auto refused = manifest(at(server));
  CHECK_TRUE(!refused && refused.error().code == Errc::denied);
  test::write(tree.at("auth.json"), R"({"auths": {")" + server.host() + R"(": {"auth": "dTpw"}}})");
  CHECK_TRUE(manifest(at(server)).has_value());
}

TEST(RegistryClient, certificates_are_read_again_after_a_refusal) {
  const auto identity = fakes::make_identity();
  HttpServer server([](const ServedRequest&) { return index(); }, &identity);
  const auto refused = manifest(at(server));
  CHECK_TRUE(!refused && refused.error().code == Errc::integrity);
  STRCMP_CONTAINS("certs.d", refused.error().text.c_str());
  std::filesystem::create_directories(tree.at("certs.d/") + server.host());
  test::write(tree.at("certs.d/") + server.host() + "/ca.crt", identity.certificate);
  const auto got = manifest(at(server));
  CHECK_TRUE_TEXT(got.has_value(), got ? "" : got.error().text.c_str());
}

TEST(RegistryClient, a_blob_is_streamed_and_checked) {
  const auto bytes = made_up(700'000);
  HttpServer server([&](const ServedRequest&) { return Reply{.body = bytes}; });
  CHECK_TRUE(blob(at(server), blob_of(bytes)).has_value());
  CHECK_TRUE(sink.bytes == bytes);
  const auto wrong = blob(at(server), blob_of(made_up(699'999) + "x"));
  CHECK_TRUE(!wrong && wrong.error().code == Errc::integrity);
}

TEST(RegistryClient, a_broken_download_goes_on_where_it_ended) {
  const auto bytes = made_up(700'000);
  int asked = 0;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (++asked == 1) return {.body = bytes, .cut = 300'000, .after = Reply::After::close};
    const auto from = std::stoul(request.header("range").substr(6));
    return {.status = 206,
            .headers = {{"Content-Range", "bytes " + std::to_string(from) + "-699999/700000"}},
            .body = bytes.substr(from)};
  });
  const auto got = blob(at(server), blob_of(bytes));
  CHECK_TRUE_TEXT(got.has_value(), got ? "" : got.error().text.c_str());
  CHECK_TRUE(sink.bytes == bytes);
  LONGS_EQUAL(2, asked);
}

TEST(RegistryClient, a_download_goes_on_with_what_is_on_the_disk) {
  const auto bytes = made_up(700'000);
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.header("range") != "bytes=300000-") return {.status = 500};
    return {.status = 206, .headers = {{"Content-Range", "bytes 300000-699999/700000"}}, .body = bytes.substr(300'000)};
  });
  BlobStart start{.offset = 300'000, .hasher = Hasher()};
  start.hasher->update(std::string_view(bytes).substr(0, 300'000));
  CHECK_TRUE(blob(at(server), blob_of(bytes), std::move(start)).has_value());
  CHECK_TRUE(sink.bytes == bytes.substr(300'000));
  // What was there is wrong: the digest tells.
  BlobStart wrong{.offset = 300'000, .hasher = Hasher()};
  wrong.hasher->update(std::string(300'000, 'x'));
  const auto got = blob(at(server), blob_of(bytes), std::move(wrong));
  CHECK_TRUE(!got && got.error().code == Errc::integrity);
}

TEST(RegistryClient, a_server_that_sends_another_part_is_read_from_the_beginning) {
  const auto bytes = made_up(700'000);
  int asked = 0;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (++asked == 1) return {.body = bytes, .cut = 300'000, .after = Reply::After::close};
    if (request.header("range").empty()) return {.body = bytes};
    return {.status = 206, .headers = {{"Content-Range", "bytes 0-699999/700000"}}, .body = bytes};
  });
  CHECK_TRUE(blob(at(server), blob_of(bytes)).has_value());
  CHECK_TRUE(sink.bytes == bytes);
}

TEST(RegistryClient, a_server_without_ranges_is_read_again) {
  const auto bytes = made_up(700'000);
  int asked = 0;
  HttpServer server([&](const ServedRequest&) -> Reply {
    if (++asked == 1) return {.body = bytes, .cut = 300'000, .after = Reply::After::reset};
    return {.body = bytes};
  });
  CHECK_TRUE(blob(at(server), blob_of(bytes)).has_value());
  CHECK_TRUE(sink.bytes == bytes);
}

TEST(RegistryClient, a_blob_of_another_length_is_refused_before_its_bytes) {
  HttpServer server([](const ServedRequest&) { return Reply{.body = "too much"}; });
  const auto got = blob(at(server), blob_of("short"));
  CHECK_TRUE(!got && got.error().code == Errc::integrity);
  STRCMP_EQUAL("", sink.bytes.c_str());
}

TEST(RegistryClient, a_redirected_blob_takes_no_credentials_along) {
  HttpServer other([](const ServedRequest&) { return Reply{.body = "blob"}; });
  std::string origin;
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.target.starts_with("/token")) return {.body = R"({"token":"T1"})"};
    if (request.header("authorization").empty()) {
      return {.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + origin + "/token\""}}};
    }
    return {.status = 307, .headers = {{"Location", other.url() + "/cdn"}}};
  });
  origin = server.url();
  CHECK_TRUE(blob(at(server), blob_of("blob")).has_value());
  STRCMP_EQUAL("", other.requests().at(0).header("authorization").c_str());
}

// CVE-2020-15157: credentials went to the addresses that a layer names.
TEST(RegistryClient, the_urls_of_a_descriptor_are_not_asked) {
  HttpServer elsewhere([](const ServedRequest&) { return Reply{.body = "blob"}; });
  HttpServer server([&](const ServedRequest&) { return Reply{.status = 404}; });
  const std::string blob_text = R"({"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":")" +
                                digest_of("blob")->to_string() + R"(","size":4,"urls":[")" + elsewhere.url() +
                                R"(/b"]})";
  const auto document = parse_document(
      R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
          digest_of("{}")->to_string() + R"(","size":2},"layers":[)" + blob_text + "]}",
      "", {});
  CHECK_TRUE(document.has_value());
  CHECK_FALSE(blob(at(server), std::get<Manifest>(*document).layers.at(0)).has_value());
  LONGS_EQUAL(0, elsewhere.requests().size());
}

TEST(RegistryClient, a_mirror_that_lacks_it_is_passed_over) {
  HttpServer mirror([](const ServedRequest&) { return Reply{.status = 404}; });
  HttpServer server([](const ServedRequest&) { return index(); });
  settings.rules = {{.prefix = server.host(), .location = server.host(), .mirrors = {{.location = mirror.host()}}}};
  CHECK_TRUE(manifest(at(server)).has_value());
  LONGS_EQUAL(1, mirror.count("GET", "/v2/test/app/manifests/v1"));
}

TEST(RegistryClient, equal_blobs_are_fetched_once) {
  HttpServer server([](const ServedRequest&) { return Reply{.body = "blob"}; });
  Sink other;
  std::vector<BlobEnd> ends;
  const auto keep = [&](Result<BlobEnd> end) { ends.push_back(*end); };
  auto first = registry().fetch_blob(at(server), blob_of("blob"), {}, sink, keep);
  auto second = registry().fetch_blob(at(server), blob_of("blob"), {}, other, keep);
  run_until(loop, [&] { return ends.size() == 2; });
  CHECK_TRUE(ends[0] == BlobEnd::written && ends[1] == BlobEnd::elsewhere);
  STRCMP_EQUAL("", other.bytes.c_str());
}

TEST(RegistryClient, calls_may_be_cancelled_at_any_turn) {
  HttpServer server([](const ServedRequest&) { return Reply{.body = made_up(100'000)}; });
  for (int turns = 0; turns < 40; ++turns) {
    auto cancelled = registry().fetch_blob(at(server), blob_of(made_up(100'000)), {}, sink, [](Result<BlobEnd>) {});
    for (int i = 0; i < turns; ++i) loop.run_once(false);
    cancelled.reset();
  }
  CHECK_TRUE(blob(at(server), blob_of(made_up(100'000))).has_value());
}

TEST(RegistryClient, referrers_come_from_the_tag_where_there_is_no_api) {
  const Digest subject = *digest_of("subject");
  HttpServer server([&](const ServedRequest& request) -> Reply {
    if (request.target == "/v2/test/app/manifests/sha256-" + subject.hex) {
      return {
          .headers = {{"Content-Type", index_type}},
          .body =
              R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,)"
              R"("digest":")" +
              digest_of("{}")->to_string() + R"("}]})"};
    }
    return {.status = 404};
  });
  std::optional<Result<std::vector<Descriptor>>> got;
  call = registry().list_referrers(at(server), subject, [&](Result<std::vector<Descriptor>> r) { got = std::move(r); });
  run_until(loop, [&] { return got.has_value(); });
  CHECK_TRUE_TEXT(got->has_value(), *got ? "" : got->error().text.c_str());
  LONGS_EQUAL(1, (*got)->size());
}
