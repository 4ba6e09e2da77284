#include "core/policy/condition_text.h"

#include "core/base/text.h"
#include "core/policy/power_table.h"
#include "core/policy/pressure_table.h"
#include "core/policy/property_table.h"

namespace schedkit {

namespace {

void add(std::string& text, std::string_view key, const std::vector<std::string>& values) {
  std::string list;
  for (const auto& value : values) list += (list.empty() ? "" : "|") + value;
  if (!list.empty()) text += fmt::format(" {}={}", key, quote(list));
}

void add(std::string& text, std::string_view key, const std::string& value) {
  if (!value.empty()) add(text, key, std::vector{value});
}

std::string days_text(std::uint8_t days) {
  constexpr std::string_view names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  std::string text;
  for (int day = 0; day < 7; ++day) {
    if ((days >> day & 1) != 0) text += fmt::format("{}{}", text.empty() ? " " : ",", names[day]);
  }
  return days == 0b1111111 ? "" : text;
}

std::string match_text(const SignalMatch& match) {
  std::string text = match.interface.empty() ? match.member : match.interface + "." + match.member;
  add(text, "sender", match.sender);
  add(text, "path", match.path);
  for (const auto& [position, glob] : match.args) add(text, fmt::format("arg{}", position), glob);
  return text;
}

struct Text {
  std::string operator()(const ProcessCondition& process) const {
    std::string text = "process";
    add(text, "comm", process.comm.globs);
    add(text, "exe", process.exe.globs);
    add(text, "cmdline", process.cmdline.globs);
    add(text, "user", process.user.globs);
    add(text, "parent", process.parent.globs);
    add(text, "cgroup", process.cgroup.globs);
    std::vector<std::string> names;
    for (const auto& [name, value] : process.env) names.push_back(name);
    add(text, "env", names);
    return text;
  }
  std::string operator()(const CgroupCondition& cgroup) const {
    std::string text = fmt::format("cgroup {}", cgroup.exists ? "exists" : "populated");
    add(text, "path", cgroup.paths);
    return text;
  }
  std::string operator()(const TimeCondition& time) const {
    return fmt::format("time {:02}:{:02}-{:02}:{:02}{}{}", time.start / 60, time.start % 60, time.end / 60,
                       time.end % 60, days_text(time.days), time.zone.empty() ? "" : " " + time.zone);
  }
  std::string operator()(const SignalCondition& signal) const {
    return fmt::format("dbus-signal {}{}{}", match_text(signal.signal),
                       signal.lasts ? " for " + format_duration(*signal.lasts) : "",
                       signal.until ? " until " + match_text(*signal.until) : "");
  }
  std::string operator()(const PropertyCondition& property) const {
    std::vector<std::string> values;
    for (const auto& value : property.values) values.push_back(to_text(value));
    const auto& name = property.property;
    return fmt::format("dbus-property {} {} {}.{} is {}", name.name, name.path, name.interface, name.property,
                       join(values, " or "));
  }
  std::string operator()(const PowerCondition& power) const {
    std::vector<std::string> sources;
    std::vector<std::string> profiles;
    for (const auto source : power.sources) sources.emplace_back(to_string(source));
    for (const auto profile : power.profiles) profiles.emplace_back(to_string(profile));
    std::string text = "power";
    add(text, "source", sources);
    add(text, "profile", profiles);
    return text;
  }
  std::string operator()(const PressureCondition& pressure) const {
    return fmt::format("pressure {} {} {} in {}", to_string(pressure.resource), pressure.full ? "full" : "some",
                       format_duration(pressure.stall), format_duration(pressure.window));
  }
};

}  // namespace

std::string to_text(const Condition& condition) { return std::visit(Text{}, condition); }

}  // namespace schedkit
