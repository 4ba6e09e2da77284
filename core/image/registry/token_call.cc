#include "core/image/registry/token_call.h"

#include <utility>

#include "core/base/text.h"
#include "core/loop/timer.h"

namespace schedkit::registry {
namespace {

constexpr std::chrono::seconds renew_before(15);
constexpr int most_redirects = 10;

class TokenCall final : public RegistryCall {
 public:
  TokenCall(Context& context, Url registry, Tls tls, TokenQuery query, std::function<void(Result<std::string>)> done)
      : context_(context),
        registry_(std::move(registry)),
        tls_(std::move(tls)),
        query_(std::move(query)),
        done_(std::move(done)),
        later_(context.loop) {
    const auto renewed = context.renewed.find(query_.credentials.identity_token);
    asked_with_ = query_.credentials.identity_token;
    if (renewed != context.renewed.end()) query_.credentials.identity_token = renewed->second;
    posting_ = !asked_with_.empty();
    later_.set(Duration::zero(), [this] { ask(query_.realm); });
  }

 private:
  void finish(Result<std::string> token) {
    const auto done = std::move(done_);
    done(std::move(token));
  }

  // `url`: the realm, or where it sent us.
  void ask(const Url& url) {
    if (auto checked = check_realm(url, registry_, context_.settings.token_hosts); !checked) {
      return finish(fail(std::move(checked.error())));
    }
    HttpRequest request = posting_ ? token_post(query_) : token_get(query_);
    if (redirects_ > 0) request.url = url.to_string();
    if (url.origin() != query_.realm.origin()) {
      std::erase_if(request.headers, [](const HttpHeader& header) { return header.name == "Authorization"; });
    }
    request.tls = tls_for(url);
    request.plain_http = registry_.scheme == "http";
    url_ = url;
    transfer_ = context_.http.start(std::move(request),
                                    {.on_done = [this](Result<HttpAnswer> answer) { take(std::move(answer)); }});
  }

  // The registry's authorities serve for its token server too; our certificate and carelessness are for its host only.
  Tls tls_for(const Url& url) const {
    if (url.host == registry_.host) return tls_;
    return {.authorities = tls_.authorities};
  }

  void take(Result<HttpAnswer> answer) {
    if (!answer) return finish(fail(with_context(std::move(answer.error()), "asking for a token")));
    if (answer->status >= 300 && answer->status < 400 && !answer->header("location").empty()) return follow(*answer);
    if (answer->status == 404 && posting_) {  // no OAuth2 there
      posting_ = false;
      redirects_ = 0;
      return ask(query_.realm);
    }
    if (answer->status != 200) {
      return finish(fail(error_of_answer(answer->status, answer->body, "token server " + url_.host_port())));
    }
    auto token = parse_token(answer->body, context_.clock.wall_now());
    if (!token) return finish(fail(with_context(std::move(token.error()), url_.host_port())));
    keep(*token);
    finish(std::move(token->token));
  }

  void follow(const HttpAnswer& answer) {
    if (posting_) {
      return finish(fail(Errc::denied, "the token server {} sends our identity token elsewhere; it was not sent",
                         url_.host_port()));
    }
    if (++redirects_ > most_redirects) {
      return finish(fail(Errc::limit, "the token server {} sends us around in circles", query_.realm.host_port()));
    }
    auto next = resolve_url(url_, answer.header("location"));
    if (!next) return finish(fail(with_context(std::move(next.error()), "token server " + url_.host_port())));
    ask(*next);
  }

  void keep(const Token& token) {
    if (!token.refresh_token.empty() && !asked_with_.empty()) context_.renewed[asked_with_] = token.refresh_token;
    const auto now = context_.clock.wall_now();
    std::erase_if(context_.tokens, [&](const auto& entry) { return entry.second.expires <= now; });
    query_.credentials.identity_token = asked_with_;
    context_.tokens[query_.key()] = token;
  }

  Context& context_;
  Url registry_;
  Tls tls_;
  TokenQuery query_;
  std::function<void(Result<std::string>)> done_;
  Timer later_;
  Url url_;                 // asked last
  std::string asked_with_;  // the identity token of the credentials, whatever took its place
  bool posting_ = false;
  int redirects_ = 0;
  std::unique_ptr<HttpTransfer> transfer_;
};

}  // namespace

std::string cached_token(const Context& context, const TokenQuery& query) {
  const auto found = context.tokens.find(query.key());
  if (found == context.tokens.end() || found->second.expires - renew_before <= context.clock.wall_now()) return {};
  return found->second.token;
}

RegistryCallPtr fetch_token(Context& context, const Url& registry, Tls tls, TokenQuery query,
                            std::function<void(Result<std::string>)> done) {
  return std::make_unique<TokenCall>(context, registry, std::move(tls), std::move(query), std::move(done));
}

}  // namespace schedkit::registry
