// What a tag means, and manifests.
#include "core/base/text.h"
#include "core/image/hasher.h"
#include "core/image/registry/calls.h"

namespace schedkit::registry {
namespace {

// In the order of preference. Without it some registries answer in the old schema 1, which is refused.
constexpr std::string_view accepted =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

std::string name_of(const Reference& reference) {
  return reference.digest ? reference.digest->to_string() : reference.tag;
}

std::string shown(const Session& session, const std::string& name) {
  return session.endpoint.name() + (name.find(':') != std::string::npos ? "@" : ":") + name;
}

Exchange::Request manifest_request(const Context& context, const Session& session, std::string method,
                                   const std::string& name) {
  Exchange::Request request;
  request.http.method = std::move(method);
  request.http.headers = {{"Accept", std::string(accepted)}};
  request.http.body_limit = context.limits.document_bytes;
  request.http.total_timeout = std::chrono::seconds(30);
  request.target = fmt::format("/v2/{}/manifests/{}", session.endpoint.repository, name);
  return request;
}

// The header is only a hint, but one that contradicts is an error.
Result<void> check_hint(const HttpHead& head, const Digest& digest, const std::string& what) {
  const auto hint = parse_digest(head.header("docker-content-digest"));
  if (!hint || hint->algorithm != digest.algorithm || *hint == digest) return {};
  return fail(Errc::integrity, "{} has digest {}, but the registry calls it {}", what, digest.to_string(),
              hint->to_string());
}

Result<FetchedManifest> check_manifest(const Context& context, const Session& session, const std::string& name,
                                       const std::optional<Digest>& wanted, HttpAnswer answer) {
  const std::string what = shown(session, name);
  auto digest = digest_of(answer.body, wanted ? wanted->algorithm : "sha256");
  if (!digest) return fail(std::move(digest.error()));
  if (wanted && *digest != *wanted) {
    return fail(Errc::integrity, "{} was answered with content of digest {}", what, digest->to_string());
  }
  if (auto checked = check_hint(answer, *digest, what); !checked) return fail(std::move(checked.error()));
  std::string type = media_type_of(answer.header("content-type"));
  const auto kind = check_document(answer.body, type, context.limits);
  if (!kind) return fail(with_context(kind.error(), what));
  if (type.empty()) {
    type = *kind == DocumentKind::index ? "application/vnd.oci.image.index.v1+json"
                                        : "application/vnd.oci.image.manifest.v1+json";
  }
  return FetchedManifest{std::move(answer.body), std::move(type), std::move(*digest), session.endpoint.name()};
}

// HEAD, and GET where that tells nothing.
class ResolveAttempt final : public RegistryCall {
 public:
  ResolveAttempt(Context& context, Session& session, const Reference& reference,
                 std::function<void(Outcome<Resolved>)> settle)
      : context_(context), session_(session), reference_(reference), settle_(std::move(settle)) {
    call_ = std::make_unique<Exchange>(context, session, manifest_request(context, session, "HEAD", name_of(reference)),
                                       [this](Result<HttpAnswer> answer) { take(std::move(answer)); });
  }

 private:
  void finish(Outcome<Resolved> outcome) {
    const auto settle = std::move(settle_);
    settle(std::move(outcome));
  }

  void take(Result<HttpAnswer> answer) {
    const std::string name = name_of(reference_);
    if (!answer) return finish(tl::unexpected(Failure{std::move(answer.error())}));
    const auto digest = parse_digest(answer->header("docker-content-digest"));
    if (answer->status == 405 || answer->status == 501 || (answer->status == 200 && !digest)) return get();
    if (answer->status != 200) {
      return finish(tl::unexpected(failure_of(context_, *answer, shown(session_, name))));
    }
    if (reference_.digest) {
      if (auto checked = check_hint(*answer, *reference_.digest, shown(session_, name)); !checked) {
        return finish(tl::unexpected(Failure{std::move(checked.error())}));
      }
    }
    const auto size = parse_unsigned(answer->header("content-length"));
    finish(
        Resolved{reference_.digest.value_or(*digest), media_type_of(answer->header("content-type")), size.value_or(0)});
  }

  void get() {
    call_ = ask_manifest(context_, session_, name_of(reference_), reference_.digest,
                         [this](Outcome<FetchedManifest> manifest) {
                           if (!manifest) return finish(tl::unexpected(std::move(manifest.error())));
                           finish(Resolved{manifest->digest, manifest->media_type, manifest->bytes.size()});
                         });
  }

  Context& context_;
  Session& session_;
  Reference reference_;
  std::function<void(Outcome<Resolved>)> settle_;
  RegistryCallPtr call_;
};

}  // namespace

RegistryCallPtr ask_manifest(Context& context, Session& session, const std::string& name, std::optional<Digest> digest,
                             std::function<void(Outcome<FetchedManifest>)> settle) {
  return std::make_unique<Exchange>(
      context, session, manifest_request(context, session, "GET", name),
      [&context, &session, name, digest = std::move(digest), settle = std::move(settle)](Result<HttpAnswer> answer) {
        if (!answer) return settle(tl::unexpected(Failure{std::move(answer.error())}));
        if (answer->status != 200) {
          return settle(tl::unexpected(failure_of(context, *answer, shown(session, name))));
        }
        auto manifest = check_manifest(context, session, name, digest, std::move(*answer));
        if (!manifest) return settle(tl::unexpected(Failure{std::move(manifest.error())}));
        settle(std::move(*manifest));
      });
}

RegistryCallPtr resolve(Context& context, const Reference& reference, std::function<void(Result<Resolved>)> done) {
  return std::make_unique<Attempts<Resolved>>(
      context, endpoints_for(reference, context.settings.rules),
      [&context, reference](Session& session, auto settle) -> RegistryCallPtr {
        return std::make_unique<ResolveAttempt>(context, session, reference, std::move(settle));
      },
      std::move(done));
}

RegistryCallPtr fetch_manifest(Context& context, const Reference& reference,
                               std::function<void(Result<FetchedManifest>)> done) {
  return std::make_unique<Attempts<FetchedManifest>>(
      context, endpoints_for(reference, context.settings.rules),
      [&context, reference](Session& session, auto settle) {
        return ask_manifest(context, session, name_of(reference), reference.digest, std::move(settle));
      },
      std::move(done));
}

}  // namespace schedkit::registry
