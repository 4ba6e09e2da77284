#include "core/control/override_file.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/base/file.h"

namespace schedkit {

using nlohmann::json;

Result<void> write_override(const std::string& path, const KeptOverride& override) {
  const auto& command = override.command;
  json document{{"scheduler", command.scheduler}, {"mode", command.mode}, {"by", command.by}};
  if (command.has_args) document["args"] = command.args;
  if (override.until) document["until_ns"] = override.until->time_since_epoch().count();
  return write_file_atomic(path, document.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

Result<void> remove_override(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "cannot remove " + path);
  return {};
}

Result<std::optional<KeptOverride>> read_override(const std::string& path) {
  auto text = read_file(path, 64 * 1024);
  if (!text && text.error().code == Errc::not_found) return std::nullopt;
  if (!text) return fail(std::move(text.error()));
  const json document = json::parse(*text, nullptr, false);
  const auto is_text = [&](const char* key) { return document.contains(key) && document[key].is_string(); };
  const bool has_args = document.is_object() && document.contains("args");
  if (!document.is_object() || !is_text("scheduler") || !is_text("mode") || !is_text("by") ||
      (has_args && !document["args"].is_array()) ||
      (document.contains("until_ns") && !document["until_ns"].is_number_integer())) {
    return fail(Errc::invalid, "{} is not an override that schedkitd wrote", path);
  }
  Controls::RunCommand command{document["scheduler"], document["mode"], has_args, {}, document["by"]};
  if (command.has_args) {
    for (const auto& argument : document["args"]) {
      if (!argument.is_string()) return fail(Errc::invalid, "{} is not an override that schedkitd wrote", path);
      command.args.push_back(argument);
    }
  }
  KeptOverride kept{std::move(command), std::nullopt};
  if (document.contains("until_ns")) kept.until = Instant(Duration(document["until_ns"].get<std::int64_t>()));
  return kept;
}

}  // namespace schedkit
