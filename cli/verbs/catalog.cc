#include "cli/verbs/catalog.h"

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr std::size_t catalog_limit = 1u << 20;

constexpr const char* administrators = "/etc/schedkit/catalog.json";
constexpr const char* fetched = "/var/lib/schedkit/catalog.json";

std::string chosen() {
  const char* path = std::getenv("SCHEDKIT_CATALOG");
  return path == nullptr ? "" : path;
}

std::vector<std::string> places() {
  if (const std::string path = chosen(); !path.empty()) return {path};
  return {administrators, fetched, "/usr/share/schedkit/catalog.json"};
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

Result<std::string> refreshed_catalog() {
  if (const std::string path = chosen(); !path.empty()) return path;
  if (::access(administrators, F_OK) == 0) {
    return fail(Errc::failed, "{} takes the place of any that is fetched; remove it first", administrators);
  }
  return fetched;
}

std::string catalog_text(const Catalog& catalog, bool json) {
  std::string text;
  if (json) {
    auto object = nlohmann::json::object();
    for (const auto& [name, image] : catalog) object[name] = {{"imageURI", image}};
    return object.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  }
  for (const auto& [name, image] : catalog) text += bus::printable(name) + "\n";
  return text;
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
