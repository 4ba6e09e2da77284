#include "k8s/watch_event.h"

#include "core/base/text.h"
#include "k8s/api_json.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

std::optional<WatchEvent::Type> type_of(std::string_view word) {
  if (word == "ADDED" || word == "MODIFIED") return WatchEvent::Type::put;
  if (word == "DELETED") return WatchEvent::Type::removed;
  if (word == "BOOKMARK") return WatchEvent::Type::bookmark;
  return std::nullopt;
}

}  // namespace

std::string object_key(const Json& object) {
  const auto name = text_at(object, {"metadata", "name"});
  const auto name_space = text_at(object, {"metadata", "namespace"});
  return name.empty() || name_space.empty() ? name : name_space + "/" + name;
}

ApiResult<WatchEvent> read_watch_event(Json event, const std::string& what) {
  const auto wrong = [&what](std::string_view why) {
    return tl::unexpected(ApiFailure{.error = {Errc::invalid, fmt::format("{}: {}", what, why)}});
  };
  const auto word = text_at(event, {"type"});
  const auto object = event.find("object");
  if (object == event.end() || !object->is_object()) return wrong("an event without an object");
  if (word == "ERROR") return tl::unexpected(failure_of_event(*object, what));
  const auto type = type_of(word);
  if (!type) return wrong("an event of the unknown type " + quote(word, 40));
  WatchEvent read{.type = *type, .version = text_at(*object, {"metadata", "resourceVersion"}), .object = {}};
  if (read.version.empty()) return wrong("an event without a resourceVersion");
  if (read.type == WatchEvent::Type::bookmark) return read;
  read.object = std::move(*object);
  if (object_key(read.object).empty()) return wrong("an object without a name");
  return read;
}

}  // namespace schedkit
