// User names and tokens: containers-auth.json(5) and docker's config.json.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  // an OAuth2 refresh token, for the token server
  std::string registry_token;  // a bearer token that is ready

  bool empty() const { return user.empty() && identity_token.empty() && registry_token.empty(); }
  // "Basic …", or "" without a user.
  std::string basic() const;

  bool operator==(const Credentials&) const = default;
};

// What a file says about a repository.
struct FoundCredentials {
  Credentials credentials;
  std::string helper;  // not empty: ask the program docker-credential-HELPER instead …
  std::string server;  // … about this
};

// `text` of the file `path` (for messages). Looked up, the longest first: "host/a/b", "host/a", "host", written as they
// are or as URLs ("https://host/v1/"); for docker.io also "index.docker.io". nullopt: the file knows nothing.
Result<std::optional<FoundCredentials>> find_credentials(std::string_view text, const std::string& path,
                                                         const std::string& host, const std::string& repository);

// The same over files in their order; missing ones are passed over, wrong ones are errors. Blocks on the disk.
Result<std::optional<FoundCredentials>> load_credentials(const std::vector<std::string>& paths, const std::string& host,
                                                         const std::string& repository);

// What a credential helper printed: {"ServerURL","Username","Secret"}; the user "<token>" means an identity token.
Result<Credentials> parse_helper_answer(std::string_view text);

// Of a helper's name: it becomes part of a path.
bool is_helper_suffix(std::string_view text);

}  // namespace schedkit
