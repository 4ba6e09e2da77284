// Sending blobs and manifests (distribution-spec, "Push").
#include "core/image/hasher.h"
#include "core/image/registry/calls.h"
#include "core/image/registry/file_upload.h"

namespace schedkit::registry {
namespace {

constexpr const char* push_actions = "pull,push";

Exchange::Request push_request(std::string method, std::string target) {
  Exchange::Request request;
  request.http.method = std::move(method);
  request.http.redirects = 0;
  request.target = std::move(target);
  request.actions = push_actions;
  return request;
}

struct Pushed {};

// HEAD; if it is not there, POST for a place to send it to, and PUT.
class PushBlobAttempt final : public RegistryCall {
 public:
  PushBlobAttempt(Context& context, Session& session, Descriptor blob, std::string path,
                  std::function<void(Outcome<Pushed>)> settle)
      : context_(context),
        session_(session),
        blob_(std::move(blob)),
        path_(std::move(path)),
        settle_(std::move(settle)) {
    const std::string target = fmt::format("/v2/{}/blobs/{}", session.endpoint.repository, blob_.digest.to_string());
    ask(push_request("HEAD", target), [this](HttpAnswer answer) {
      if (answer.status == 200) return finish(Pushed{});
      if (answer.status != 404) return refuse(answer);
      begin();
    });
  }

 private:
  void finish(Outcome<Pushed> outcome) {
    const auto settle = std::move(settle_);
    settle(std::move(outcome));
  }
  void finish_with(Error error) { finish(tl::unexpected(Failure{std::move(error)})); }
  std::string what() const { return session_.endpoint.name() + ": blob " + blob_.digest.to_string(); }
  void refuse(const HttpAnswer& answer) { finish(tl::unexpected(failure_of(context_, answer, what()))); }

  void ask(Exchange::Request request, std::function<void(HttpAnswer)> take) {
    exchange_ = std::make_unique<Exchange>(context_, session_, std::move(request),
                                           [this, take = std::move(take)](Result<HttpAnswer> answer) {
                                             if (!answer) return finish_with(std::move(answer.error()));
                                             take(std::move(*answer));
                                           });
  }

  void begin() {
    ask(push_request("POST", fmt::format("/v2/{}/blobs/uploads/", session_.endpoint.repository)),
        [this](HttpAnswer answer) {
          if (answer.status != 202) return refuse(answer);
          send(answer);
        });
  }

  void send(const HttpAnswer& place) {
    const std::string location(place.header("location"));
    if (location.empty())
      return finish_with({Errc::invalid, what() + ": the registry names no place to send it to", {}});
    const auto base = parse_url(place.url);
    auto url = base ? resolve_url(*base, location) : base;
    if (!url) return finish_with(with_context(std::move(url.error()), what() + ": no place to send it to"));
    url->query += fmt::format("{}digest={}", url->query.empty() ? "" : "&", percent_encode(blob_.digest.to_string()));
    upload_ = std::make_unique<FileUpload>(context_.loop, path_, blob_.size, [this] { exchange_->resume(); });
    auto request = push_request("PUT", url->to_string());
    request.http.headers = {{"Content-Type", "application/octet-stream"}};
    request.http.upload = upload_.get();
    ask(std::move(request), [this](HttpAnswer answer) {
      if (answer.status != 201) return refuse(answer);
      finish(Pushed{});
    });
  }

  Context& context_;
  Session& session_;
  Descriptor blob_;
  std::string path_;
  std::function<void(Outcome<Pushed>)> settle_;
  std::unique_ptr<FileUpload> upload_;
  std::unique_ptr<Exchange> exchange_;  // after upload_: it must go first
};

// Never to a mirror.
Result<std::vector<Endpoint>> push_endpoint(Context& context, const Reference& reference) {
  auto endpoint = primary_endpoint(reference, context.settings.rules);
  if (!endpoint) return fail(std::move(endpoint.error()));
  return std::vector<Endpoint>{std::move(*endpoint)};
}

}  // namespace

RegistryCallPtr push_blob(Context& context, const Reference& reference, const Descriptor& blob, std::string path,
                          std::function<void(Result<void>)> done) {
  return std::make_unique<Attempts<Pushed>>(
      context, push_endpoint(context, reference),
      [&context, blob, path = std::move(path)](Session& session, auto settle) -> RegistryCallPtr {
        return std::make_unique<PushBlobAttempt>(context, session, blob, path, std::move(settle));
      },
      [done = std::move(done)](Result<Pushed> pushed) { pushed ? done({}) : done(fail(std::move(pushed.error()))); });
}

RegistryCallPtr push_manifest(Context& context, const Reference& reference, std::string bytes, std::string media_type,
                              std::function<void(Result<Digest>)> done) {
  auto digest = digest_of(bytes, reference.digest ? reference.digest->algorithm : "sha256");
  auto endpoints = push_endpoint(context, reference);
  if (!digest) {
    endpoints = fail(digest.error());
  } else if (reference.digest && *reference.digest != *digest) {
    endpoints =
        fail(Errc::integrity, "the manifest has digest {}, not that of {}", digest->to_string(), reference.to_string());
  }
  const std::string name = !reference.tag.empty() || !digest ? reference.tag : digest->to_string();
  return std::make_unique<Attempts<Digest>>(
      context, std::move(endpoints),
      [&context, bytes = std::move(bytes), media_type = std::move(media_type), name, digest](
          Session& session, auto settle) -> RegistryCallPtr {
        auto request = push_request("PUT", fmt::format("/v2/{}/manifests/{}", session.endpoint.repository, name));
        request.http.headers = {{"Content-Type", media_type}};
        request.http.body = bytes;
        return std::make_unique<Exchange>(
            context, session, std::move(request),
            [&context, &session, name, digest, settle = std::move(settle)](Result<HttpAnswer> answer) {
              if (!answer) return settle(tl::unexpected(Failure{std::move(answer.error())}));
              if (answer->status == 201) return settle(*digest);
              settle(tl::unexpected(failure_of(context, *answer, session.endpoint.name() + ":" + name)));
            });
      },
      std::move(done));
}

}  // namespace schedkit::registry
