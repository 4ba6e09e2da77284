// Private to core/image/registry: one request to one endpoint, with whatever it takes to be let in.
#pragma once

#include <memory>
#include <optional>

#include "core/image/registry/context.h"
#include "core/image/registry/token_request.h"
#include "core/loop/timer.h"

namespace schedkit::registry {

class Exchange final : public RegistryCall {
 public:
  struct Request {
    HttpRequest http = {};         // its url, tls and plain_http are filled in
    std::string target;            // "/v2/…", or a URL that the registry gave
    std::string actions = "pull";  // of the token's scope
    // Not for the answers that the exchange deals with itself. True: the body goes to on_body; else it is collected.
    std::function<Result<bool>(const HttpHead&)> on_head = {};
    std::function<Result<HttpFlow>(std::string_view)> on_body = {};
  };
  // Any status is an answer; after a 401 that stays the error tells why.
  using Done = std::function<void(Result<HttpAnswer>)>;

  // `context` and `session` must outlive it. `done` may destroy it.
  Exchange(Context& context, Session& session, Request request, Done done);

  // After HttpFlow::pause, or for an upload that has more.
  void resume();

 private:
  void begin();
  void authorize();
  void send(const std::string& authorization);
  std::optional<TokenQuery> token_query();
  Result<void> take_head(const HttpHead& head);
  Result<HttpFlow> take_body(std::string_view bytes);
  void take(Result<HttpAnswer> answer);
  void refused(const HttpAnswer& answer);
  void finish(Result<HttpAnswer> answer);
  Result<Url> url() const;
  Tls tls() const;
  bool is_own(const Url& url) const;

  Context& context_;
  Session& session_;
  Request request_;
  Done done_;
  std::shared_ptr<const Access> access_;  // the session's when we began
  Timer later_;
  RegistryCallPtr step_;  // reading files, or getting a token
  std::unique_ptr<HttpTransfer> transfer_;
  std::vector<std::string> first_scopes_;  // asked for by a challenge that came although we had a token
  Url url_;
  std::string collected_;
  bool plain_ = false;       // trying http for a base that is not known yet
  bool answered_ = false;    // a head came
  bool streaming_ = false;   // the body is on_body's
  bool authorized_ = false;  // the request carried credentials
  bool fresh_ = false;       // no token from the cache
  int refusals_ = 0;         // of requests with credentials
};

}  // namespace schedkit::registry
