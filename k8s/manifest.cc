#include "k8s/manifest.h"
#include "k8s/members.h"

#include <yaml-cpp/yaml.h>

#include <charconv>

#include "core/base/text.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr int most_levels = 32;
constexpr std::size_t most_values = 200'000;

Json number(std::string_view text) {
  std::int64_t integer = 0;
  const auto digits = text.starts_with('+') ? text.substr(1) : text;
  const auto whole = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
  if (whole.ec == std::errc() && whole.ptr == digits.data() + digits.size()) return integer;
  if (digits.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return {};
  double real = 0;
  const auto part = std::from_chars(digits.data(), digits.data() + digits.size(), real);
  if (part.ec == std::errc() && part.ptr == digits.data() + digits.size()) return real;
  return {};
}

// The core schema of YAML 1.2, §10.3.2, for plain scalars.
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return {};
  if (text == "true") return true;
  if (text == "false") return false;
  Json value = number(text);
  return value.is_null() ? Json(text) : value;
}

// yaml-cpp throws only inside read_manifests().
class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Result<Json> convert(const YAML::Node& node, int level = 0) {
    if (++values_ > most_values) return fail(error(node, fmt::format("more than {} values", most_values), Errc::limit));
    if (level > most_levels) return fail(error(node, fmt::format("more than {} levels", most_levels), Errc::limit));
    switch (node.Type()) {
      case YAML::NodeType::Sequence: return list(node, level);
      case YAML::NodeType::Map: return map(node, level);
      case YAML::NodeType::Scalar: return node.Tag() == "?" ? plain_scalar(node.Scalar()) : Json(node.Scalar());
      default: return Json();
    }
  }

  Where place(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }

  Error error(const YAML::Node& node, std::string text, Errc code = Errc::invalid) const {
    return {code, std::move(text), place(node.Mark())};
  }

 private:
  Result<Json> list(const YAML::Node& node, int level) {
    Json items = Json::array();
    for (const auto& item : node) {
      auto value = convert(item, level + 1);
      if (!value) return value;
      items.push_back(std::move(*value));
    }
    return items;
  }

  Result<Json> map(const YAML::Node& node, int level) {
    Json members = Json::object();
    for (const auto& member : node) {
      if (!member.first.IsScalar()) return fail(error(member.first, "a key must be a string"));
      const auto& key = member.first.Scalar();
      if (members.contains(key)) return fail(error(member.first, fmt::format("{} occurs twice", quote(key, 64))));
      auto value = convert(member.second, level + 1);
      if (!value) return value;
      members[key] = std::move(*value);
    }
    return members;
  }

  const std::string& file_;
  std::size_t values_ = 0;
};

Result<void> add_document(const YAML::Node& document, Converter& converter, std::vector<KubernetesObject>& manifests) {
  if (document.IsNull()) return {};
  if (!document.IsMap()) return fail(converter.error(document, "a manifest must be a map with apiVersion and kind"));
  auto object = converter.convert(document);
  if (!object) return fail(std::move(object.error()));
  const auto where = converter.place(document.Mark());
  try {
    (void)object->dump();
  } catch (const Json::exception&) {
    return fail(Error{Errc::invalid, "the manifest is not UTF-8", where});
  }
  const auto items = object->find("items");
  if (text_at(*object, {"kind"}).ends_with("List") && items != object->end() && items->is_array()) {
    for (auto& item : *items) {
      if (!item.is_object()) return fail(Error{Errc::invalid, "an item of the list is no object", where});
      manifests.push_back({std::move(item), where});
    }
  } else {
    manifests.push_back({std::move(*object), where});
  }
  return {};
}

}  // namespace

Result<std::vector<KubernetesObject>> read_manifests(std::string_view text, const std::string& file) {
  if (text.size() > largest_manifest) {
    return fail(Error{Errc::limit, fmt::format("larger than {}", format_size(largest_manifest)), {file, 0, 0}});
  }
  std::vector<KubernetesObject> manifests;
  Converter converter(file);
  try {
    for (const auto& document : YAML::LoadAll(std::string(text))) {
      if (auto added = add_document(document, converter, manifests); !added) return fail(std::move(added.error()));
    }
  } catch (const YAML::Exception& thrown) {
    return fail(Error{Errc::invalid, thrown.msg, converter.place(thrown.mark)});
  }
  return manifests;
}

}  // namespace schedkit
