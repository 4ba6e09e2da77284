#include "config/trust_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/image/trust/identity.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_file = 64 * 1024;
constexpr std::size_t most_signers = 256;

// Reads nodes for one file; yaml-cpp throws only inside parse_trust_yaml().
class YamlReader {
 public:
  explicit YamlReader(const std::string& file) : file_(file) {}

  Error error(const YAML::Mark& mark, std::string text) const {
    Where where{file_, 0, 0};
    if (!mark.is_null()) {
      where.line = static_cast<std::uint32_t>(mark.line + 1);
      where.column = static_cast<std::uint32_t>(mark.column + 1);
    }
    return {Errc::invalid, std::move(text), std::move(where)};
  }

  // A map with none but the `known` keys, each once.
  Result<void> require_map(const YAML::Node& node, std::string_view what,
                           std::initializer_list<std::string_view> known) const {
    if (!node.IsMap()) return fail(error(node.Mark(), fmt::format("{} must be a map", what)));
    std::set<std::string> seen;
    for (const auto& member : node) {
      const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
      if (std::ranges::find(known, std::string_view(key)) == known.end()) {
        return fail(error(member.first.Mark(), fmt::format("unknown key {} in {}; known are: {}", quote(key, 64), what,
                                                           fmt::join(known, ", "))));
      }
      if (!seen.insert(key).second) return fail(error(member.first.Mark(), fmt::format("{} occurs twice", key)));
    }
    return {};
  }

  // "" when missing or null.
  Result<std::string> text(const YAML::Node& map, const char* key) const {
    const YAML::Node value = map[key];
    if (!value || value.IsNull()) return std::string();
    if (value.IsScalar() && value.Scalar().find('\0') == std::string::npos) return value.Scalar();
    return fail(error(value.Mark(), fmt::format("{} must be a string", key)));
  }

  // The items of a list; none when it is missing or null.
  Result<std::vector<YAML::Node>> items(const YAML::Node& map, const char* key) const {
    std::vector<YAML::Node> list;
    const YAML::Node value = map[key];
    if (!value || value.IsNull()) return list;
    if (!value.IsSequence()) return fail(error(value.Mark(), fmt::format("{} must be a list", key)));
    if (value.size() > most_signers) {
      return fail(error(value.Mark(), fmt::format("{} has more than {} entries", key, most_signers)));
    }
    for (const auto& item : value) list.push_back(item);
    return list;
  }

 private:
  const std::string& file_;
};

Result<KeySource> read_key(const YamlReader& reader, const YAML::Node& node) {
  if (auto map = reader.require_map(node, "a key", {"path"}); !map) return fail(std::move(map.error()));
  auto path = reader.text(node, "path");
  if (!path) return fail(std::move(path.error()));
  if (path->empty()) return fail(reader.error(node.Mark(), "a key needs a path"));
  if (path->front() != '/') {
    return fail(reader.error(node["path"].Mark(), fmt::format("path is {}; write an absolute path", quote(*path))));
  }
  return KeySource{.path = std::move(*path)};
}

Result<KeylessSigner> read_identity(const YamlReader& reader, const YAML::Node& node) {
  auto map = reader.require_map(node, "an identity", {"issuer", "subject", "issuerRegExp", "subjectRegExp"});
  if (!map) return fail(std::move(map.error()));
  KeylessSigner signer;
  for (const auto& [key, field] :
       {std::pair("issuer", &signer.issuer), std::pair("subject", &signer.subject),
        std::pair("issuerRegExp", &signer.issuer_regexp), std::pair("subjectRegExp", &signer.subject_regexp)}) {
    auto text = reader.text(node, key);
    if (!text) return fail(std::move(text.error()));
    *field = std::move(*text);
    if (field != &signer.issuer_regexp && field != &signer.subject_regexp) continue;
    if (auto good = check_regexp(*field); !good) {
      return fail(reader.error(node[key].Mark(), fmt::format("{}: {}", key, good.error().text)));
    }
  }
  if ((signer.issuer.empty() && signer.issuer_regexp.empty()) ||
      (signer.subject.empty() && signer.subject_regexp.empty())) {
    return fail(
        reader.error(node.Mark(),
                     "an identity needs issuer or issuerRegExp, and subject or subjectRegExp; anybody can get a "
                     "certificate of sigstore's, so one without the other proves nothing"));
  }
  return signer;
}

Result<TrustPolicy> read_policy(const YamlReader& reader, const YAML::Node& root, const std::string& file) {
  if (auto map = reader.require_map(root, "a trust policy", {"keys", "identities", "rekorURL"}); !map) {
    return fail(std::move(map.error()));
  }
  auto log_url = reader.text(root, "rekorURL");
  if (!log_url) return fail(std::move(log_url.error()));
  auto keys = reader.items(root, "keys");
  if (!keys) return fail(std::move(keys.error()));
  auto identities = reader.items(root, "identities");
  if (!identities) return fail(std::move(identities.error()));
  SignedBy signers;
  KeySigner by_key;
  for (const YAML::Node& node : *keys) {
    auto key = read_key(reader, node);
    if (!key) return fail(std::move(key.error()));
    by_key.keys.push_back(std::move(*key));
  }
  if (!by_key.keys.empty()) signers.any_of.emplace_back(std::in_place_type<KeySigner>, std::move(by_key));
  for (const YAML::Node& node : *identities) {
    auto identity = read_identity(reader, node);
    if (!identity) return fail(std::move(identity.error()));
    identity->log_url = *log_url;
    signers.any_of.emplace_back(std::in_place_type<KeylessSigner>, std::move(*identity));
  }
  if (signers.any_of.empty()) {
    return fail(reader.error(root.Mark(), "a trust policy needs at least one of keys and identities"));
  }
  return trust_policy_of(std::move(signers), file);
}

}  // namespace

Result<TrustPolicy> parse_trust_yaml(std::string_view text, const std::string& file) {
  const YamlReader reader(file);
  if (text.size() > largest_file) return fail({Errc::limit, "the file is larger than 64 KiB", {file, 0, 0}});
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() != 1) {
      return fail(reader.error(YAML::Mark::null_mark(), "a trust policy is one YAML document, and not empty"));
    }
    return read_policy(reader, documents.front(), file);
  } catch (const YAML::Exception& exception) {
    return fail(reader.error(exception.mark, "YAML syntax: " + quote(exception.msg)));
  }
}

}  // namespace schedkit
