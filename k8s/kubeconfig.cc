#include "k8s/kubeconfig.h"

#include <algorithm>
#include <array>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/image/trust/base64.h"
#include "core/net/url.h"
#include "k8s/manifest.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr std::array cluster_fields{"server", "certificate-authority", "certificate-authority-data",
                                    "insecure-skip-tls-verify", "extensions"};
constexpr std::array user_fields{"token",      "tokenFile",       "client-certificate", "client-certificate-data",
                                 "client-key", "client-key-data", "extensions"};

class Reader {
 public:
  Reader(const Json& config, const std::string& file) : config_(config), file_(file) {}

  Result<ClusterAccess> read() const {
    const auto context_name = text_at(config_, {"current-context"});
    if (context_name.empty()) return fail(Errc::invalid, "{}: current-context is not set", file_);
    auto context = entry("contexts", "context", context_name);
    if (!context) return fail(std::move(context.error()));
    auto cluster = entry("clusters", "cluster", text_at(*context, {"cluster"}));
    if (!cluster) return fail(std::move(cluster.error()));
    if (auto known = know_fields(*cluster, cluster_fields, "cluster"); !known) return fail(std::move(known.error()));
    Json user = Json::object();
    if (const auto name = text_at(*context, {"user"}); !name.empty()) {
      auto found = entry("users", "user", name);
      if (!found) return fail(std::move(found.error()));
      user = std::move(*found);
    }
    if (auto known = know_fields(user, user_fields, "user"); !known) return fail(std::move(known.error()));
    ClusterAccess access;
    if (auto read = read_cluster(*cluster, access); !read) return fail(std::move(read.error()));
    if (auto read = read_user(user, access); !read) return fail(std::move(read.error()));
    return access;
  }

 private:
  // The member `kind` of the entry of `list` that is called `name`.
  Result<Json> entry(const char* list, const char* kind, const std::string& name) const {
    const auto entries = config_.find(list);
    if (entries != config_.end() && entries->is_array()) {
      for (const auto& candidate : *entries) {
        if (text_at(candidate, {"name"}) != name || !candidate.contains(kind)) continue;
        if (candidate.at(kind).is_object()) return candidate.at(kind);
        if (candidate.at(kind).is_null()) return Json::object();
      }
    }
    return fail(Errc::not_found, "{}: {} has no entry {}", file_, list, quote(name, 100));
  }

  template <class Fields>
  Result<void> know_fields(const Json& object, const Fields& fields, const char* what) const {
    for (const auto& [name, value] : object.items()) {
      if (std::ranges::find(fields, name) != fields.end()) continue;
      const bool plugin = name == "exec" || name == "auth-provider";
      return fail(Errc::unsupported, "{}: {} in a {} is not supported{}", file_, quote(name, 60), what,
                  plugin ? ": sked starts no program for a token; give a token or a client certificate" : "");
    }
    return {};
  }

  Result<void> read_cluster(const Json& cluster, ClusterAccess& access) const {
    auto url = parse_url(text_at(cluster, {"server"}));
    if (!url) return fail(with_context(std::move(url.error()), file_ + ": server"));
    if (url->scheme != "https") return fail(Errc::invalid, "{}: the server must be an https URL", file_);
    auto path = url->path;
    while (path.ends_with('/')) path.pop_back();
    access.server = url->origin() + path;
    auto authorities = material(cluster, "certificate-authority");
    if (!authorities) return fail(std::move(authorities.error()));
    access.tls.system_authorities = authorities->empty();
    access.tls.authorities = std::move(*authorities);
    const auto insecure = cluster.find("insecure-skip-tls-verify");
    access.tls.insecure = insecure != cluster.end() && insecure->is_boolean() && *insecure;
    return {};
  }

  Result<void> read_user(const Json& user, ClusterAccess& access) const {
    auto certificate = material(user, "client-certificate");
    if (!certificate) return fail(std::move(certificate.error()));
    auto key = material(user, "client-key");
    if (!key) return fail(std::move(key.error()));
    if (certificate->empty() != key->empty()) {
      return fail(Errc::invalid, "{}: client-certificate and client-key go together", file_);
    }
    access.tls.certificate = std::move(*certificate);
    access.tls.key = std::move(*key);
    access.token = text_at(user, {"token"});
    const auto token_file = text_at(user, {"tokenFile"});
    if (!token_file.empty()) {
      auto token = read_file(beside(token_file), largest_credential);
      if (!token) return fail(std::move(token.error()));
      access.token = trim(*token);
    }
    return {};
  }

  // "NAME-data" in base64, else what is in the file that NAME says, else "".
  Result<std::string> material(const Json& object, const std::string& name) const {
    if (const auto data = text_at(object, {name + "-data"}); !data.empty()) {
      auto decoded = decode_base64(data);
      if (!decoded) return fail(with_context(std::move(decoded.error()), fmt::format("{}: {}-data", file_, name)));
      return decoded;
    }
    const auto path = text_at(object, {name});
    return path.empty() ? Result<std::string>("") : read_file(beside(path), largest_credential);
  }

  std::string beside(const std::string& path) const {
    if (path.starts_with('/')) return path;
    const auto slash = file_.rfind('/');
    return slash == std::string::npos ? path : file_.substr(0, slash + 1) + path;
  }

  const Json& config_;
  const std::string& file_;
};

}  // namespace

Result<ClusterAccess> read_kubeconfig(std::string_view text, const std::string& file) {
  auto documents = read_manifests(text, file);
  if (!documents) return fail(std::move(documents.error()));
  if (documents->size() != 1) return fail(Errc::invalid, "{}: a kubeconfig is one document", file);
  return Reader(documents->front().object, file).read();
}

}  // namespace schedkit
