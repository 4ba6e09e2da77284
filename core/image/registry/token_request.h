// How a token is asked for, and whom we are willing to ask (distribution, "Token Authentication"). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/registry/credentials.h"
#include "core/net/http.h"
#include "core/net/url.h"

namespace schedkit {

struct TokenQuery {
  Url realm;
  std::string service;
  std::vector<std::string> scopes;  // the most wanted first: some servers read only that
  Credentials credentials;

  // What makes two queries ask for the same; holds a secret.
  std::string key() const;
};

// Whether a registry at `registry` may send us to `realm`: a registry could otherwise make us ask things of machines that
// only we can reach. Refused are plain http unless the registry itself was reached so, and loopback, private, link-local
// and unspecified addresses, unless host and port are the registry's or among `token_hosts`.
// (go-containerregistry pull requests 2243 and 2302; names that resolve to such addresses pass, as there.)
Result<void> check_realm(const Url& realm, const Url& registry, const std::vector<std::string>& token_hosts);

// GET with the account, or anonymous.
HttpRequest token_get(const TokenQuery& query);
// POST with the identity token, which credentials must have.
HttpRequest token_post(const TokenQuery& query);

}  // namespace schedkit
