#include "config/parse_bus_condition.h"

#include "config/bus_names.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr unsigned last_argument = 63;  // of a match rule: D-Bus specification, "Match Rules"

// Reads a name; one that is not valid is reported as `what`.
void read_name(TableReader& reader, std::string_view key, bool (*valid)(std::string_view), std::string_view what,
               std::string& out) {
  const auto before = reader.problems().errors.size();
  reader.read(key, out);
  if (!reader.has(key) || valid(out) || reader.problems().errors.size() > before) return;
  reader.error(key, fmt::format("{} is {}; {}", key, quote(out, 64), what));
}

constexpr std::string_view bus_name_rule =
    "it must be a well-known bus name such as \"org.freedesktop.UPower\" (names like \":1.42\" change with every "
    "start)";
constexpr std::string_view interface_rule = "it must be an interface such as \"org.freedesktop.UPower.Device\"";
constexpr std::string_view path_rule = "it must be an object path such as \"/org/freedesktop/UPower\"";
constexpr std::string_view member_rule = "it must be one word of letters, digits and \"_\"";

void read_args(TableReader& reader, SignalMatch& match) {
  std::map<std::string, std::string> args;
  reader.read("args", args);
  for (auto& [position, glob] : args) {
    const auto number = parse_unsigned(position);
    if (number && *number <= last_argument && position == fmt::format("{}", *number)) {
      match.args[static_cast<unsigned>(*number)] = std::move(glob);
    } else {
      reader.error("args", fmt::format("args holds {}; arguments are named by position, from 0 to {}",
                                       quote(position, 40), last_argument));
    }
  }
}

SignalMatch read_match(TableReader& reader) {
  SignalMatch match;
  std::string bus;
  reader.read("bus", bus);
  read_name(reader, "sender", is_well_known_name, bus_name_rule, match.sender);
  read_name(reader, "path", is_object_path, path_rule, match.path);
  read_name(reader, "interface", is_interface_name, interface_rule, match.interface);
  read_name(reader, "member", is_member_name, member_rule, match.member);
  read_args(reader, match);
  return match;
}

}  // namespace

std::optional<Condition> parse_signal(TableReader& reader) {
  SignalCondition condition{read_match(reader), std::nullopt, std::nullopt};
  Duration lasts{0};
  reader.read("for", lasts);
  if (lasts > Duration::zero()) condition.lasts = lasts;
  for (const Node* node : reader.tables("until")) {
    TableReader until(*node, signal_match_schema, "until of " + reader.title(), reader.problems());
    condition.until = read_match(until);
  }
  if (!reader.has("for") && !reader.has("until")) {
    reader.problems().error(reader.table().place,
                            reader.title() + " needs for or until: how long the signal counts, as for = \"10m\"");
  } else if (condition.until == condition.signal) {
    reader.error("until", "until is the same signal; it would begin and end at once");
  }
  return condition;
}

std::optional<Condition> parse_property(TableReader& reader) {
  PropertyCondition condition;
  std::string bus;
  reader.read("bus", bus);
  read_name(reader, "name", is_well_known_name, bus_name_rule, condition.property.name);
  read_name(reader, "path", is_object_path, path_rule, condition.property.path);
  read_name(reader, "interface", is_interface_name, interface_rule, condition.property.interface);
  read_name(reader, "property", is_member_name, member_rule, condition.property.property);
  reader.read("equals", condition.values);
  reader.read("in", condition.values);
  if (reader.has("equals") == reader.has("in")) {
    reader.problems().error(reader.has("in") ? reader.key_place("in") : reader.table().place,
                            reader.title() + " needs one of equals and in, as equals = true");
  }
  return condition;
}

}  // namespace schedkit
