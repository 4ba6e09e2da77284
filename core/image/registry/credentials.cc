#include "core/image/registry/credentials.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/json.h"
#include "core/image/registry/settings.h"
#include "core/image/trust/base64.h"

namespace schedkit {
namespace {

constexpr std::size_t most_auth_file = 1u << 20;
constexpr std::string_view hub_server = "https://index.docker.io/v1/";

// "https://host/v1/" → "host"; a plain key stays as it is. Docker wrote API versions into its keys.
std::string normalised(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    key = key.substr(0, key.find('/'));
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  return std::string(key == "index.docker.io" || key == "registry-1.docker.io" ? "docker.io" : key);
}

const Json* find_key(const Json& object, const std::string& wanted) {
  if (const auto exact = object.find(wanted); exact != object.end()) return &*exact;
  for (const auto& [key, value] : object.items()) {
    if (normalised(key) == wanted) return &value;
  }
  return nullptr;
}

Result<void> read_auth(const std::string& encoded, Credentials& credentials) {
  auto decoded = decode_base64(encoded);
  if (!decoded) return fail(Errc::invalid, "\"auth\" is not base64");
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return fail(Errc::invalid, "\"auth\" holds no \"user:password\"");
  credentials.user = decoded->substr(0, colon);
  credentials.password = decoded->substr(colon + 1);
  while (credentials.password.ends_with('\0')) credentials.password.pop_back();
  return {};
}

Result<Credentials> read_entry(const Json& entry) {
  JsonFields fields(entry, "an entry of \"auths\"");
  Credentials credentials{fields.text("username"), fields.text("password"), fields.text("identitytoken"),
                          fields.text("registrytoken")};
  const std::string encoded = fields.text("auth");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (!encoded.empty()) {
    if (auto read = read_auth(encoded, credentials); !read) return fail(std::move(read.error()));
  }
  return credentials;
}

std::vector<std::string> keys_of(const std::string& host, const std::string& repository) {
  std::vector<std::string> keys;
  for (std::string name = host + "/" + repository; name.size() > host.size(); name.resize(name.rfind('/'))) {
    keys.push_back(name);
  }
  keys.push_back(host);
  return keys;
}

// The helper for `host`, which may be "".
std::string helper_of(JsonFields& fields, const std::string& host) {
  const auto helpers = fields.text_map("credHelpers");
  for (const auto& [key, suffix] : helpers) {
    if (normalised(key) == host) return suffix;
  }
  return fields.text("credsStore");
}

Result<std::optional<FoundCredentials>> find_in(const Json& json, const std::string& host,
                                                const std::string& repository) {
  JsonFields fields(json, "credentials");
  const Json& auths = fields.object("auths");
  FoundCredentials found;
  found.helper = helper_of(fields, host);
  found.server = host == "docker.io" ? std::string(hub_server) : host;
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  for (const auto& key : keys_of(host, repository)) {
    const Json* entry = find_key(auths, key);
    if (entry == nullptr) continue;
    auto credentials = read_entry(*entry);
    if (!credentials) return fail(with_context(std::move(credentials.error()), quote(key)));
    if (credentials->empty()) break;  // "look in the helper"
    return FoundCredentials{std::move(*credentials), {}, {}};
  }
  if (found.helper.empty()) return std::nullopt;
  return found;
}

}  // namespace

std::string Credentials::basic() const { return user.empty() ? "" : "Basic " + encode_base64(user + ":" + password); }

Result<std::optional<FoundCredentials>> find_credentials(std::string_view text, const std::string& path,
                                                         const std::string& host, const std::string& repository) {
  if (trim(text).empty()) return std::nullopt;
  auto json = parse_json(text, most_auth_file);
  auto found = json ? find_in(*json, host, repository) : fail(std::move(json.error()));
  if (!found) found.error().where.file = path;
  return found;
}

Result<std::optional<FoundCredentials>> load_credentials(const std::vector<std::string>& paths, const std::string& host,
                                                         const std::string& repository) {
  for (const auto& path : paths) {
    auto text = read_file(path, most_auth_file);
    if (!text && text.error().code == Errc::not_found) continue;
    if (!text) return fail(std::move(text.error()));
    auto found = find_credentials(*text, path, host, repository);
    if (!found || *found) return found;
  }
  return std::nullopt;
}

Result<Credentials> parse_helper_answer(std::string_view text) {
  auto json = parse_json(trim(text), 64u << 10);
  if (!json) return fail(std::move(json.error()));
  JsonFields fields(*json, "its answer");
  const std::string user = fields.text("Username");
  std::string secret = fields.text("Secret");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  Credentials credentials;
  if (user == "<token>") {
    credentials.identity_token = std::move(secret);
  } else {
    credentials.user = user;
    credentials.password = std::move(secret);
  }
  return credentials;
}

bool is_helper_suffix(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::vector<std::string> default_auth_files(const std::string& configured) {
  std::vector<std::string> paths;
  const char* named = std::getenv("REGISTRY_AUTH_FILE");
  if (!configured.empty()) {
    paths.push_back(configured);
  } else if (named != nullptr && *named != '\0') {
    paths.emplace_back(named);
  }
  if (const char* directory = std::getenv("CREDENTIALS_DIRECTORY"); directory != nullptr && *directory != '\0') {
    paths.push_back(std::string(directory) + "/registry-auth.json");
  }
  for (const char* path : {"/etc/schedkit/auth.json", "/run/containers/0/auth.json",
                           "/root/.config/containers/auth.json", "/root/.docker/config.json"}) {
    paths.emplace_back(path);
  }
  return paths;
}

}  // namespace schedkit
