// Private to core/image/registry: what the calls of one RegistryClient share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/image/registry/answers.h"
#include "core/image/registry/challenge.h"
#include "core/image/registry/client.h"
#include "core/image/registry/credentials.h"
#include "core/image/registry/endpoints.h"
#include "core/net/url.h"

namespace schedkit::registry {

// What we need to speak to an endpoint.
struct Access {
  Tls tls;
  Credentials credentials;
  std::string note;  // why there may be no credentials, for people
};

// One repository at one endpoint, and what was learnt about it.
struct Session {
  Endpoint endpoint;
  std::shared_ptr<const Access> access;  // read from files; forgotten when we are refused, while calls still use it
  std::optional<Url> base;               // https, or http where that is allowed and https is not spoken
  std::optional<Challenge> challenge;    // what it wants to see with every request

  // Plain http is spoken to loopback and to registries marked insecure.
  bool may_speak_http() const;
};

struct Context {
  Loop& loop;
  HttpClient& http;
  const Clock& clock;
  RegistrySettings settings;
  ImageLimits limits;
  RegistryHooks hooks;

  std::map<std::string, Token> tokens;         // by TokenQuery::key()
  std::map<std::string, std::string> renewed;  // identity token → the one that took its place
  std::map<std::string, std::unique_ptr<Session>> sessions;
  std::set<std::string> warnings;  // told already

  Session& session(const Endpoint& endpoint);
  // Tells the warnings of an answer that were not told before.
  void warn(const Session& session, const HttpHead& head);
};

// Reads certificates and credentials in the pool, and asks a credential helper if that is allowed.
RegistryCallPtr load_access(Context& context, const Endpoint& endpoint, std::function<void(Result<Access>)> done);

// The certificates for `host`; empty when there are none. Blocks on the disk.
Result<Tls> load_certificates(const std::vector<std::string>& directories, const std::string& host);

}  // namespace schedkit::registry
