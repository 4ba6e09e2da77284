#include "core/bus/watch_text.h"

#include <map>
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump(-1, ' ', true, Json::error_handler_t::replace);
}

// "scheduler/mode".
std::string choice(const Json& object) {
  const auto mode = text_of(object, "mode");
  return text_of(object, "scheduler") + (mode.empty() ? "" : "/" + mode);
}

std::string process(const Json& object) {
  auto text = fmt::format("{} {}", text_of(object, "pid"), text_of(object, "comm"));
  for (const auto* key : {"exe", "cmdline"}) {
    if (const auto more = text_of(object, key); !more.empty()) text += "  " + more;
  }
  return text;
}

std::string scheduler(const Json& object) {
  auto text = fmt::format("{}: {}", text_of(object, "what"), text_of(object, "from"));
  if (const auto to = text_of(object, "to"); !to.empty()) {
    text += fmt::format("{}{}", object.contains("from") ? " -> " : "", to);
  }
  if (const auto why = text_of(object, "text"); !why.empty()) text += ": " + why;
  if (const auto cause = text_of(object, "cause"); !cause.empty()) text += fmt::format(" ({})", cause);
  return text;
}

std::string counted(const Json& object, const char* key, std::string_view things) {
  const auto found = object.find(key);
  return fmt::format("{} {}", found == object.end() ? 0 : found->size(), things);
}

// Everything but time and kind, as KEY=VALUE.
std::string keys(const Json& object) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : object.items()) {
    if (key != "at" && key != "event") pairs.push_back(fmt::format("{}={}", key, text_of(object, key.c_str())));
  }
  return join(pairs, " ");
}

std::string detail(const std::string& event, const Json& object) {
  if (event == "process") return process(object);
  if (event == "process-gone") return text_of(object, "pid");
  if (event == "processes") return counted(object, "processes", "processes");
  if (event == "cgroups") return counted(object, "cgroups", "cgroups");
  if (event == "cgroup") {
    return text_of(object, "path") + (text_of(object, "populated") == "false" ? " is empty" : " is populated");
  }
  if (event == "cgroup-gone" || event == "zone" || event == "clock") {
    return text_of(object, "path") + text_of(object, "zone") + text_of(object, "wall");
  }
  if (event == "decision") return choice(object) + "  " + text_of(object, "reason");
  if (event == "run") return choice(object) + "  until " + text_of(object, "until");
  if (event == "scheduler") return scheduler(object);
  if (event == "dropped") return text_of(object, "lost") + " lines, since they were not read fast enough";
  if (event == "snapshot") {
    return counted(object, "events", "facts") + ", " + counted(object, "rules", "rules that hold or did");
  }
  if (event == "reload") return "the policy is another, or was read again";
  return keys(object);
}

}  // namespace

std::string watch_text(std::string_view line) {
  const Json object = Json::parse(line, nullptr, false);
  const auto at = object.is_object() ? object.find("at") : object.end();
  if (!object.is_object() || at == object.end() || !at->is_number()) return bus::printable(trim(line)) + "\n";
  const auto event = text_of(object, "event");
  return fmt::format("{:>10.3f}s  {:<12}  {}\n", at->get<double>(), bus::printable(event),
                     bus::printable(detail(event, object)));
}

}  // namespace schedkit
