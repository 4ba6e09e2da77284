#include "config/parse_condition.h"

#include <algorithm>

#include "config/parse_bus_condition.h"
#include "core/base/text.h"
#include "core/policy/time_zone.h"

namespace schedkit {

namespace {

constexpr std::size_t longest_comm = 15;  // TASK_COMM_LEN - 1

// A pattern that can match nothing is most likely a mistake, but only most likely.
void warn_of_dead_patterns(TableReader& reader, const ProcessCondition& condition) {
  for (const auto& glob : condition.parent.globs) {
    if (!has_glob(glob) && glob.size() > longest_comm) {
      reader.problems().warn(
          reader.value_place("parent"),
          fmt::format("parent {} matches nothing: the kernel keeps {} bytes of a name; end it with \"*\"",
                      quote(glob, 64), longest_comm));
    }
  }
  const auto needs_slash = [&](std::string_view key, const Patterns& patterns) {
    for (const auto& glob : patterns.globs) {
      if (std::string_view("/*?[\\").find(glob.front()) == std::string_view::npos) {
        reader.problems().warn(reader.value_place(key),
                               fmt::format("{} {} matches nothing: paths begin with \"/\"", key, quote(glob, 64)));
      }
    }
  };
  needs_slash("exe", condition.exe);
  needs_slash("cgroup", condition.cgroup);
}

std::optional<Condition> parse_process(TableReader& reader) {
  ProcessCondition condition;
  reader.read("comm", condition.comm);
  reader.read("exe", condition.exe);
  reader.read("cmdline", condition.cmdline);
  reader.read("env", condition.env);
  reader.read("user", condition.user);
  reader.read("parent", condition.parent);
  reader.read("cgroup", condition.cgroup);
  warn_of_dead_patterns(reader, condition);
  return condition;
}

// A path that no cgroup can have is refused: nothing but a mistake writes it.
void check_cgroup_glob(TableReader& reader, const std::string& glob) {
  const auto segments = split(glob, '/');
  const auto has = [&](std::string_view segment) {
    return std::find(segments.begin() + 1, segments.end(), segment) != segments.end();
  };
  if (!glob.starts_with('/')) {
    reader.error("path",
                 fmt::format("path {} must begin with \"/\", the root of the unified hierarchy", quote(glob, 64)));
  } else if (has("..") || has(".")) {
    reader.error("path", fmt::format("path {} holds \".\" or \"..\"; write it from the root", quote(glob, 64)));
  } else if (glob != "/" && has("")) {
    reader.error(
        "path", fmt::format("path {} has an empty segment; write single slashes and none at the end", quote(glob, 64)));
  }
}

std::optional<Condition> parse_cgroup(TableReader& reader) {
  Patterns paths;
  std::string state = "populated";
  reader.read("path", paths);
  reader.read("state", state);
  for (const auto& glob : paths.globs) check_cgroup_glob(reader, glob);
  return CgroupCondition{paths.globs, state == "exists"};
}

std::uint8_t days_of(const std::vector<std::string>& names) {
  if (names.empty()) return 0b1111111;
  const auto& known = time_schema.find("days")->words;
  std::uint8_t days = 0;
  for (const auto& name : names) days |= 1 << (std::ranges::find(known, name) - known.begin());
  return days;
}

std::optional<Condition> parse_time(TableReader& reader) {
  TimeCondition condition;
  std::vector<std::string> days;
  reader.read_time_of_day("start", condition.start);
  reader.read_time_of_day("end", condition.end);
  reader.read_words("days", days);
  reader.read("timezone", condition.zone);
  condition.days = days_of(days);
  if (reader.has("start") && reader.has("end") && condition.start == condition.end) {
    reader.error("end", "start and end are the same time; leave both out for whole days");
  }
  if (reader.has("timezone") && condition.zone.empty()) {
    reader.error("timezone", "timezone is empty; leave it out for the machine's zone");
  }
  if (const auto zone = TimeZone::load(condition.zone); !zone) {
    reader.error("timezone", "timezone: " + zone.error().text);
  }
  return condition;
}

std::optional<Condition> parse_power(TableReader& reader) {
  std::vector<std::string> sources;
  std::vector<std::string> profiles;
  reader.read_words("source", sources);
  reader.read_words("profile", profiles);
  PowerCondition condition;
  for (const auto& word : sources) {
    condition.sources.push_back(word == "ac" ? PowerSource::ac : PowerSource::battery);
  }
  for (const auto& word : profiles) {
    condition.profiles.push_back(word == "performance" ? PowerProfile::performance
                                 : word == "balanced"  ? PowerProfile::balanced
                                                       : PowerProfile::power_saver);
  }
  return condition;
}

// The kernel's limits of a trigger's window: Documentation/accounting/psi.rst.
constexpr Duration shortest_window = std::chrono::milliseconds(500);
constexpr Duration longest_window = std::chrono::seconds(10);

std::optional<Condition> parse_pressure(TableReader& reader) {
  PressureCondition condition;
  std::string resource = "cpu";
  int percent = 0;
  reader.read("resource", resource);
  reader.read_percentage("some", percent);
  reader.read_percentage("full", percent);
  reader.read("window", condition.window);
  condition.resource = resource == "cpu"  ? PressureResource::cpu
                       : resource == "io" ? PressureResource::io
                                          : PressureResource::memory;
  condition.full = reader.has("full");
  condition.stall = condition.window * percent / 100;
  if (reader.has("some") == reader.has("full")) {
    reader.error("full", fmt::format("{} needs one of some and full, as some = \"40%\"", reader.title()));
  } else if (condition.full && condition.resource == PressureResource::cpu) {
    reader.error("full", "full does not exist for cpu: some task always runs; use some");
  }
  if (condition.window < shortest_window || condition.window > longest_window) {
    reader.error("window",
                 fmt::format("window is {}; the kernel takes from {} to {}", format_duration(condition.window),
                             format_duration(shortest_window), format_duration(longest_window)));
  }
  return condition;
}

struct Kind {
  std::string_view name;
  const TableSchema& schema;
  std::optional<Condition> (*parse)(TableReader&);
};

const Kind kinds[] = {
    {"process", process_schema, parse_process},
    {"cgroup", cgroup_schema, parse_cgroup},
    {"time", time_schema, parse_time},
    {"dbus-signal", signal_schema, parse_signal},
    {"dbus-property", property_schema, parse_property},
    {"power", power_schema, parse_power},
    {"pressure", pressure_schema, parse_pressure},
};

std::string_view most_important(const Kind& kind) {
  const auto required = std::ranges::find(kind.schema.keys, true, &Key::required);
  return required == kind.schema.keys.end() ? kind.schema.keys.front().name : required->name;
}

void parse_kind(TableReader& set_reader, const Kind& kind, ConditionSet& set) {
  const auto title = fmt::format("{} in {}", kind.name, set_reader.title());
  auto& problems = set_reader.problems();
  for (const Node* node : set_reader.tables(kind.name)) {
    if (node->members.empty()) {
      problems.error(node->place, fmt::format("{} is empty; name {} or another key", title, most_important(kind)));
      continue;
    }
    TableReader reader(*node, kind.schema, title, problems);
    if (auto condition = kind.parse(reader)) set.push_back(std::move(*condition));
  }
  const Member* member = set_reader.table().find(kind.name);
  if (member != nullptr && member->value.type == Node::Type::array && member->value.items.empty()) {
    problems.error(member->value.place, title + " is an empty list");
  }
}

ConditionSet parse_set(const Node& node, const std::string& title, Problems& problems) {
  TableReader reader(node, condition_schema, title, problems);
  ConditionSet set;
  for (const auto& kind : kinds) parse_kind(reader, kind, set);
  if (node.members.empty()) {
    problems.error(node.place,
                   fmt::format("{} is empty; name a condition such as process, or leave the table out", title));
  }
  return set;
}

}  // namespace

std::vector<ConditionSet> parse_conditions(TableReader& rule, std::string_view key) {
  std::vector<ConditionSet> alternatives;
  const auto title = fmt::format("{} of {}", key, rule.title());
  for (const Node* node : rule.tables(key)) alternatives.push_back(parse_set(*node, title, rule.problems()));
  const Member* member = rule.table().find(key);
  if (member != nullptr && member->value.type == Node::Type::array && member->value.items.empty()) {
    rule.problems().error(member->value.place, title + " is an empty list; leave it out or name a condition");
  }
  return alternatives;
}

}  // namespace schedkit
