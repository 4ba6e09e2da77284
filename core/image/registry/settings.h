// What is set about registries: containers-registries.conf(5), containers-certs.d(5) and containers-auth.json(5), as far
// as we follow them. config/registries.h reads the first.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

struct RegistryMirror {
  enum class Use { all, digest_only, tag_only };  // which references it may serve

  std::string location;  // host[:port][/path]; takes the place of the rule's prefix
  bool insecure = false;
  Use use = Use::all;

  bool operator==(const RegistryMirror&) const = default;
};

// One [[registry]] table.
struct RegistryRule {
  std::string prefix;    // host[:port][/path…], or "*.example.com" for any depth of subdomains
  std::string location;  // empty only for a wildcard: then names stay as they are
  bool insecure = false;
  bool blocked = false;
  std::vector<RegistryMirror> mirrors = {};
  Where where = {};

  bool operator==(const RegistryRule&) const = default;
};

struct RegistrySettings {
  std::vector<RegistryRule> rules = {};  // prefixes are unique

  // DIRECTORY/HOST[:PORT]/ with *.crt (authorities), NAME.cert and NAME.key (our pair). The first directory that has the
  // host's counts.
  std::vector<std::string> certificate_directories = {"/etc/containers/certs.d", "/etc/docker/certs.d"};

  // auth.json or docker's config.json; the first that knows the name counts. See default_auth_files(). Missing ones are
  // passed over.
  std::vector<std::string> auth_files = {};

  // Programs docker-credential-SUFFIX that the files above name. They run as we do, so they must be asked for.
  bool credential_helpers = false;
  std::vector<std::string> helper_directories = {"/usr/local/bin", "/usr/bin"};

  // "host:port" of token servers at private addresses. A registry may otherwise send us to none but its own address: it
  // could make us ask things of machines that only we can reach.
  std::vector<std::string> token_hosts = {};

  unsigned parallel = 6;  // blobs at once
};

// Where root's credentials may be, first one first: `configured` if not empty, else $REGISTRY_AUTH_FILE; then
// $CREDENTIALS_DIRECTORY/registry-auth.json (systemd), /etc/schedkit/auth.json, /run/containers/0/auth.json,
// /root/.config/containers/auth.json, /root/.docker/config.json.
std::vector<std::string> default_auth_files(const std::string& configured = "");

}  // namespace schedkit
