#include "cli/verbs/catalog.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::size_t catalog_limit = 1u << 20;

std::vector<std::string> places() {
  const char* chosen = std::getenv("SCHEDKIT_CATALOG");
  if (chosen != nullptr && *chosen != '\0') return {chosen};
  return {"/etc/schedkit/catalog.json", "/usr/share/schedkit/catalog.json"};
}

}  // namespace

Result<Catalog> parse_catalog(std::string_view text, const std::string& file) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "{} is not a JSON object of names", file);
  Catalog catalog;
  for (const auto& [name, entry] : json.items()) {
    const auto image = entry.is_object() ? entry.find("imageURI") : entry.end();
    if (!entry.is_object() || image == entry.end() || !image->is_string()) {
      return fail(Errc::invalid, "{}: {} needs a member \"imageURI\" with a string", file, quote(name, 60));
    }
    catalog.emplace(name, image->get<std::string>());
  }
  return catalog;
}

Result<Catalog> load_catalog() {
  const auto files = places();
  for (const auto& file : files) {
    auto text = read_file(file, catalog_limit);
    if (!text && text.error().code == Errc::not_found && &file != &files.back()) continue;
    if (!text) return fail(std::move(text.error()));
    return parse_catalog(*text, file);
  }
  return Catalog();
}

Result<std::string> with_tag(const std::string& reference, const std::string& tag) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (tag.empty() || tag.size() > 128 || tag.find_first_not_of(allowed) != std::string::npos || tag[0] == '.' ||
      tag[0] == '-') {
    return fail(Errc::invalid, "{} is not a version that can be a tag", quote(tag, 60));
  }
  std::string name = reference.substr(0, reference.find('@'));
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) name.resize(colon);
  return name + ":" + tag;
}

std::optional<std::string> from_catalog(const std::string& name) {
  if (name.find_first_of("/:@") != std::string::npos) return std::nullopt;
  const auto catalog = load_catalog();
  if (!catalog) return std::nullopt;
  const auto found = catalog->find(name);
  return found == catalog->end() ? std::nullopt : std::optional(found->second);
}

}  // namespace schedkit
