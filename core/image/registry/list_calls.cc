// Tags and referrers: lists that may come in pages.
#include <algorithm>

#include "core/image/registry/calls.h"

namespace schedkit::registry {
namespace {

constexpr int most_tag_pages = 100;
constexpr int most_referrer_pages = 20;
constexpr std::size_t most_listed_referrers = 2000;  // from whom those worth looking at are chosen
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";

// The next page's URL: on the registry itself only. "" when there is none.
Result<std::string> next_page(const HttpAnswer& answer, const std::string& what) {
  const std::string target = next_link(answer.all("link"));
  if (target.empty()) return target;
  auto base = parse_url(answer.url);
  if (!base) return fail(std::move(base.error()));
  auto next = resolve_url(*base, target);
  if (!next) return fail(with_context(std::move(next.error()), what));
  if (next->origin() != base->origin()) {
    return fail(Errc::denied, "{}: the next page is said to be at another host, {}", what, next->origin());
  }
  return next->to_string();
}

Exchange::Request list_request(std::string target, std::size_t limit) {
  Exchange::Request request;
  request.http.body_limit = limit;
  request.http.total_timeout = std::chrono::seconds(30);
  request.target = std::move(target);
  return request;
}

class TagsAttempt final : public RegistryCall {
 public:
  TagsAttempt(Context& context, Session& session, std::size_t limit, std::function<void(Outcome<TagList>)> settle)
      : context_(context), session_(session), limit_(limit), settle_(std::move(settle)) {
    ask(fmt::format("/v2/{}/tags/list?n={}", session.endpoint.repository, std::clamp<std::size_t>(limit, 1, 1000)));
  }

 private:
  void finish(Outcome<TagList> outcome) {
    const auto settle = std::move(settle_);
    settle(std::move(outcome));
  }
  void finish_with(Error error) { finish(tl::unexpected(Failure{std::move(error)})); }

  void ask(std::string target) {
    call_ = std::make_unique<Exchange>(context_, session_, list_request(std::move(target), most_tags_bytes),
                                       [this](Result<HttpAnswer> answer) { take(std::move(answer)); });
  }

  void take(Result<HttpAnswer> answer) {
    const std::string what = session_.endpoint.name();
    if (!answer) return finish_with(std::move(answer.error()));
    if (answer->status != 200) return finish(tl::unexpected(failure_of(context_, *answer, what)));
    auto page = parse_tags(answer->body);
    if (!page) return finish_with(with_context(std::move(page.error()), what));
    list_.tags.insert(list_.tags.end(), page->begin(), page->end());
    auto next = next_page(*answer, what);
    if (!next) return finish_with(std::move(next.error()));
    const bool enough = list_.tags.size() >= limit_ || ++pages_ >= most_tag_pages;
    if (!next->empty() && !enough) return ask(std::move(*next));
    list_.more = !next->empty() || list_.tags.size() > limit_;
    if (list_.tags.size() > limit_) list_.tags.resize(limit_);
    finish(std::move(list_));
  }

  Context& context_;
  Session& session_;
  std::size_t limit_;
  std::function<void(Outcome<TagList>)> settle_;
  RegistryCallPtr call_;
  TagList list_;
  int pages_ = 0;
};

using Referrers = std::vector<Descriptor>;

class ReferrersAttempt final : public RegistryCall {
 public:
  ReferrersAttempt(Context& context, Session& session, const Digest& subject,
                   std::function<void(Outcome<Referrers>)> settle)
      : context_(context), session_(session), subject_(subject), settle_(std::move(settle)) {
    ask(fmt::format("/v2/{}/referrers/{}", session.endpoint.repository, subject.to_string()));
  }

 private:
  void finish(Outcome<Referrers> outcome) {
    const auto settle = std::move(settle_);
    settle(std::move(outcome));
  }
  void finish_with(Error error) { finish(tl::unexpected(Failure{std::move(error)})); }

  void ask(std::string target) {
    auto request = list_request(std::move(target), context_.limits.document_bytes);
    request.http.headers = {{"Accept", std::string(index_type)}};
    call_ = std::make_unique<Exchange>(context_, session_, std::move(request),
                                       [this](Result<HttpAnswer> answer) { take(std::move(answer)); });
  }

  void take(Result<HttpAnswer> answer) {
    const std::string what = session_.endpoint.name() + ": referrers";
    if (!answer) return finish_with(std::move(answer.error()));
    const int status = answer->status;
    const bool is_index = media_type_of(answer->header("content-type")) == index_type;
    const bool no_api =
        status == 404 || status == 400 || status == 405 || status == 406 || (status == 200 && !is_index);
    if (no_api && pages_ == 0) return ask_tag();
    if (status != 200 || !is_index) return finish(tl::unexpected(failure_of(context_, *answer, what)));
    if (auto added = add(answer->body); !added) return finish_with(with_context(std::move(added.error()), what));
    auto next = next_page(*answer, what);
    if (!next) return finish_with(std::move(next.error()));
    if (next->empty() || ++pages_ >= most_referrer_pages || found_.size() >= most_listed_referrers) return tell();
    ask(std::move(*next));
  }

  // distribution-spec, "Unavailable Referrers API": an index under the tag ALGORITHM-HEX.
  void ask_tag() {
    const std::string tag = subject_.algorithm + "-" + subject_.hex.substr(0, 64);
    call_ = ask_manifest(context_, session_, tag, std::nullopt, [this](Outcome<FetchedManifest> manifest) {
      if (!manifest && manifest.error().error.code == Errc::not_found) return tell();
      if (!manifest) return finish(tl::unexpected(std::move(manifest.error())));
      if (auto added = add(manifest->bytes); !added) {
        return finish_with(with_context(std::move(added.error()), session_.endpoint.name() + ": referrers"));
      }
      tell();
    });
  }

  Result<void> add(const std::string& bytes) {
    auto document = parse_document(bytes, index_type, context_.limits);
    if (!document) return fail(std::move(document.error()));
    auto& entries = std::get<Index>(*document).manifests;
    found_.insert(found_.end(), entries.begin(), entries.end());
    if (found_.size() > most_listed_referrers) found_.resize(most_listed_referrers);
    return {};
  }

  // Mirrors often lack them: only the registry itself is believed that there are none.
  void tell() {
    if (!found_.empty() || !session_.endpoint.mirror) return finish(std::move(found_));
    finish_with({Errc::not_found, session_.endpoint.name() + " knows no referrers", {}});
  }

  Context& context_;
  Session& session_;
  Digest subject_;
  std::function<void(Outcome<Referrers>)> settle_;
  RegistryCallPtr call_;
  Referrers found_;
  int pages_ = 0;
};

}  // namespace

RegistryCallPtr list_tags(Context& context, const Reference& reference, std::size_t limit,
                          std::function<void(Result<TagList>)> done) {
  Reference repository = reference;  // what a mirror may serve depends on how an image is named
  if (repository.tag.empty()) repository.tag = "latest";
  repository.digest.reset();
  return std::make_unique<Attempts<TagList>>(
      context, endpoints_for(repository, context.settings.rules),
      [&context, limit](Session& session, auto settle) -> RegistryCallPtr {
        return std::make_unique<TagsAttempt>(context, session, limit, std::move(settle));
      },
      std::move(done));
}

RegistryCallPtr list_referrers(Context& context, const Reference& reference, const Digest& subject,
                               std::function<void(Result<Referrers>)> done) {
  Reference by_digest = reference;
  by_digest.digest = subject;
  return std::make_unique<Attempts<Referrers>>(
      context, endpoints_for(by_digest, context.settings.rules),
      [&context, subject](Session& session, auto settle) -> RegistryCallPtr {
        return std::make_unique<ReferrersAttempt>(context, session, subject, std::move(settle));
      },
      std::move(done));
}

}  // namespace schedkit::registry
