#include "core/image/registry/exchange.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/text.h"
#include "core/image/registry/token_call.h"

namespace schedkit::registry {

Exchange::Exchange(Context& context, Session& session, Request request, Done done)
    : context_(context), session_(session), request_(std::move(request)), done_(std::move(done)), later_(context.loop) {
  later_.set(Duration::zero(), [this] { begin(); });
}

void Exchange::resume() {
  if (transfer_) transfer_->resume();
}

void Exchange::finish(Result<HttpAnswer> answer) {
  const auto done = std::move(done_);
  done(std::move(answer));
}

void Exchange::begin() {
  access_ = session_.access;
  if (access_) return authorize();
  step_ = load_access(context_, session_.endpoint, [this](Result<Access> access) {
    if (!access) return finish(fail(std::move(access.error())));
    access_ = session_.access = std::make_shared<const Access>(std::move(*access));
    authorize();
  });
}

Result<Url> Exchange::url() const {
  Result<Url> base = session_.base ? *session_.base
                                   : parse_url((plain_ ? "http://" : "https://") + session_.endpoint.api_host() + "/");
  if (!base) return base;
  return resolve_url(*base, request_.target);
}

Tls Exchange::tls() const {
  Tls tls = access_->tls;
  tls.insecure = session_.endpoint.insecure;
  return tls;
}

bool Exchange::is_own(const Url& url) const {
  const auto own = session_.base ? Result<Url>(*session_.base) : this->url();
  return own && own->origin() == url.origin();
}

// What to ask the token server; nullopt when the challenge wants no token.
std::optional<TokenQuery> Exchange::token_query() {
  if (!session_.challenge || session_.challenge->scheme != "bearer") return std::nullopt;
  auto realm = resolve_url(url_, session_.challenge->parameter("realm"));
  TokenQuery query{realm ? std::move(*realm) : Url{}, std::string(session_.challenge->parameter("service")),
                   first_scopes_, access_->credentials};
  const std::string own = fmt::format("repository:{}:{}", session_.endpoint.repository, request_.actions);
  if (std::ranges::count(query.scopes, own) == 0) query.scopes.push_back(own);
  return query;
}

void Exchange::authorize() {
  auto target = url();
  if (!target) return finish(fail(with_context(std::move(target.error()), session_.endpoint.name())));
  url_ = std::move(*target);
  if (!is_own(url_)) return send("");
  const Credentials& credentials = access_->credentials;
  if (!credentials.registry_token.empty()) return send("Bearer " + credentials.registry_token);
  auto query = token_query();
  if (!query) return send(session_.challenge ? credentials.basic() : "");
  if (query->realm.host.empty()) {
    return finish(fail(Errc::invalid, "{} wants a token but names no server to get it from", session_.endpoint.name()));
  }
  if (const auto token = fresh_ ? "" : cached_token(context_, *query); !token.empty()) return send("Bearer " + token);
  step_ = fetch_token(context_, url_, tls(), std::move(*query), [this](Result<std::string> token) {
    if (!token) {
      session_.access.reset();  // the next call reads the files again
      return finish(fail(with_context(std::move(token.error()), session_.endpoint.name())));
    }
    send("Bearer " + *token);
  });
}

void Exchange::send(const std::string& authorization) {
  HttpRequest http = request_.http;
  http.url = url_.to_string();
  if (is_own(url_)) http.tls = tls();
  http.plain_http = session_.may_speak_http();
  http.headers.push_back({"Accept-Encoding", "identity"});  // digests are of the bytes as they are
  if (!authorization.empty()) http.headers.push_back({"Authorization", authorization});
  authorized_ = !authorization.empty();
  answered_ = streaming_ = false;
  collected_.clear();
  HttpHandlers handlers;
  handlers.on_head = [this](const HttpHead& head) { return take_head(head); };
  handlers.on_body = [this](std::string_view bytes) { return take_body(bytes); };
  handlers.on_done = [this](Result<HttpAnswer> answer) { take(std::move(answer)); };
  if (request_.on_body) http.body_limit = std::numeric_limits<std::int64_t>::max();  // whoever takes it counts
  transfer_ = context_.http.start(std::move(http), std::move(handlers));
}

Result<void> Exchange::take_head(const HttpHead& head) {
  answered_ = true;
  if (!session_.base && is_own(url_)) {
    session_.base = url_;
    session_.base->path = "/";
    session_.base->query.clear();
  }
  context_.warn(session_, head);
  if (head.status == 401 || !request_.on_head) return {};
  auto streaming = request_.on_head(head);
  if (!streaming) return fail(std::move(streaming.error()));
  streaming_ = *streaming;
  return {};
}

Result<HttpFlow> Exchange::take_body(std::string_view bytes) {
  if (streaming_) return request_.on_body(bytes);
  const std::uint64_t limit = request_.on_body ? most_error_bytes : request_.http.body_limit;
  if (collected_.size() + bytes.size() > limit) {
    return fail(Errc::limit, "{}: an answer of more than {}", session_.endpoint.name(), format_size(limit));
  }
  collected_.append(bytes);
  return HttpFlow::more;
}

void Exchange::take(Result<HttpAnswer> answer) {
  if (!answer) {
    const bool may_be_plain = !answered_ && !session_.base && !plain_ && session_.may_speak_http();
    if (!may_be_plain || answer.error().code != Errc::io) {
      if (answer.error().code == Errc::integrity && !answered_) {
        session_.access.reset();
        answer.error().text += fmt::format("; its authority belongs into {}/{}/ca.crt",
                                           context_.settings.certificate_directories.empty()
                                               ? "certs.d"
                                               : context_.settings.certificate_directories.front(),
                                           session_.endpoint.host);
      }
      return finish(std::move(answer));
    }
    plain_ = true;
    return authorize();
  }
  answer->body = std::move(collected_);
  if (answer->status == 401) return refused(*answer);
  if (answer->status == 403) session_.access.reset();  // the next call reads the files again
  finish(std::move(answer));
}

void Exchange::refused(const HttpAnswer& answer) {
  const auto challenge = choose_challenge(parse_challenges(answer.all("www-authenticate")));
  const Credentials& credentials = access_->credentials;
  bool again = challenge && is_own(url_) && credentials.registry_token.empty() && refusals_ == 0;
  if (authorized_) ++refusals_;
  if (again && challenge->scheme == "basic") again = !authorized_ && !credentials.basic().empty();
  if (!again) {
    Error error = error_of_answer(401, answer.body, session_.endpoint.name());
    if (!access_->note.empty()) error.text += "; " + access_->note;
    session_.access.reset();
    session_.challenge.reset();
    return finish(fail(std::move(error)));
  }
  session_.challenge = challenge;
  if (authorized_ && challenge->scheme == "bearer") {  // our token was not good enough
    fresh_ = true;
    const std::string scopes(challenge->parameter("scope"));
    for (const auto scope : split(scopes, ' ')) {
      if (!scope.empty()) first_scopes_.emplace_back(scope);
    }
  }
  authorize();
}

}  // namespace schedkit::registry
