#include "config/write_scheduler.h"

#include "core/base/text.h"
#include "core/base/toml_text.h"

namespace schedkit {

namespace {

std::string toml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(toml_string(text));
  return "[" + join(quoted, ", ") + "]";
}

void add_list(std::string& out, std::string_view key, const std::vector<std::string>& texts) {
  if (!texts.empty()) out += fmt::format("{} = {}\n", key, toml_list(texts));
}

void add_duration(std::string& out, std::string_view key, Duration duration) {
  if (duration > Duration::zero()) out += fmt::format("{} = \"{}\"\n", key, format_duration(duration));
}

}  // namespace

std::string to_toml(const Scheduler& scheduler) {
  const auto header = fmt::format("schedulers.{}", toml_string(scheduler.name));
  auto out = fmt::format("[{}]\nimage = {}\n", header, toml_string(scheduler.image));
  add_list(out, "args", scheduler.args);
  if (scheduler.standby) out += "standby = true\n";
  out +=
      fmt::format("profile = \"{}\"\nhandover = \"{}\"\n", to_string(scheduler.profile), to_string(scheduler.handover));
  if (scheduler.memory > 0) out += fmt::format("memory = \"{}B\"\n", scheduler.memory);
  if (scheduler.pids > 0) out += fmt::format("pids = {}\n", scheduler.pids);
  add_list(out, "caps-add", scheduler.caps_add);
  add_list(out, "paths-rw", scheduler.paths_rw);
  add_list(out, "devices", scheduler.devices);
  add_duration(out, "load-timeout", scheduler.load_timeout);
  add_duration(out, "probation", scheduler.probation);
  if (!scheduler.env.empty()) out += fmt::format("\n[{}.env]\n", header);
  for (const auto& [name, value] : scheduler.env)
    out += fmt::format("{} = {}\n", toml_string(name), toml_string(value));
  if (!scheduler.modes.empty()) out += fmt::format("\n[{}.modes]\n", header);
  for (const auto& [mode, args] : scheduler.modes) out += fmt::format("{} = {}\n", toml_string(mode), toml_list(args));
  return out;
}

}  // namespace schedkit
