#include "core/image/registry/token_request.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/image/registry/answers.h"

namespace schedkit {
namespace {

HttpRequest request_to(std::string method, std::string url) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = {{"Accept", "application/json"}};
  request.redirects = 0;  // each one is checked before it is followed
  request.body_limit = most_token_bytes;
  request.total_timeout = std::chrono::seconds(30);
  return request;
}

}  // namespace

std::string TokenQuery::key() const {
  std::vector<std::string> sorted = scopes;
  std::ranges::sort(sorted);
  // Lengths keep "a" + "bc" apart from "ab" + "c".
  std::string key;
  for (const auto& part : {realm.to_string(), service, join(sorted, "\n"), credentials.user, credentials.password,
                           credentials.identity_token}) {
    key += fmt::format("{}:{};", part.size(), part);
  }
  return key;
}

Result<void> check_realm(const Url& realm, const Url& registry, const std::vector<std::string>& token_hosts) {
  const std::string shown = quote(realm.origin() + realm.path);
  if (realm.scheme != "https" && registry.scheme == "https") {
    return fail(Errc::denied, "the registry {} sends us to {} for a token: plain http is not allowed there",
                registry.host_port(), shown);
  }
  const HostKind kind = host_kind(realm.host);
  if (kind == HostKind::name || kind == HostKind::global) return {};
  if (realm.host_port() == registry.host_port() || std::ranges::count(token_hosts, realm.host_port()) > 0) return {};
  return fail(
      Errc::denied,
      "the registry {} sends us to {} for a token, an address inside this machine or network; if that is meant, "
      "name {} in token-hosts of [registry] in schedkit.toml",
      registry.host_port(), shown, realm.host_port());
}

HttpRequest token_get(const TokenQuery& query) {
  std::string parameters = query.realm.query;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!parameters.empty()) parameters += '&';
    parameters += fmt::format("{}={}", name, percent_encode(value));
  };
  if (!query.service.empty()) add("service", query.service);
  for (const auto& scope : query.scopes) add("scope", scope);
  if (!query.credentials.user.empty()) add("account", query.credentials.user);
  Url url = query.realm;
  url.query = parameters;
  HttpRequest request = request_to("GET", url.to_string());
  if (const auto basic = query.credentials.basic(); !basic.empty()) request.headers.push_back({"Authorization", basic});
  return request;
}

HttpRequest token_post(const TokenQuery& query) {
  HttpRequest request = request_to("POST", query.realm.to_string());
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = fmt::format("grant_type=refresh_token&refresh_token={}&service={}&scope={}&client_id=schedkit",
                             percent_encode(query.credentials.identity_token), percent_encode(query.service),
                             percent_encode(join(query.scopes, " ")));
  return request;
}

}  // namespace schedkit
