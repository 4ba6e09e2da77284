// The tables of [rules.when] and [rules.unless].
#include <array>

#include "config/schema.h"

namespace schedkit {

namespace {

using std::literals::operator""sv;

// A table, or an array of tables that must all hold.
constexpr Key kind(std::string_view name, const TableSchema& schema, std::string_view help) {
  return {.name = name, .type = KeyType::tables, .help = help, .table = &schema};
}

constexpr std::array condition_keys{
    kind("process", process_schema, "a living process matches"),
    kind("cgroup", cgroup_schema, "such a cgroup is populated or exists"),
    kind("time", time_schema, "now is inside this window"),
    kind("dbus-signal", signal_schema, "a signal came on the bus and still counts"),
    kind("dbus-property", property_schema, "a property on the bus has this value"),
    kind("power", power_schema, "the machine's power source or profile is this"),
    kind("pressure", pressure_schema, "tasks are stalled for lack of a resource"),
};

constexpr std::array process_keys{
    Key{.name = "comm", .type = KeyType::patterns, .help = "current name, or the executable's file name"},
    Key{.name = "exe", .type = KeyType::patterns, .help = "path of the executable"},
    Key{.name = "cmdline", .type = KeyType::patterns, .help = "arguments joined by spaces"},
    Key{.name = "env", .type = KeyType::pattern_table, .help = "environment at its last exec"},
    Key{.name = "user", .type = KeyType::patterns, .help = "login name, or the uid's number without one"},
    Key{.name = "parent", .type = KeyType::patterns, .help = "current name of any ancestor"},
    Key{.name = "cgroup", .type = KeyType::patterns, .help = "path of its cgroup"},
};

constexpr std::array cgroup_states{"populated"sv, "exists"sv};
constexpr std::array cgroup_keys{
    Key{.name = "path",
        .type = KeyType::patterns,
        .help = "path in the unified hierarchy; `*` stays within a segment, `**` is any number of them",
        .required = true},
    Key{.name = "state",
        .type = KeyType::word,
        .fallback = "\"populated\"",
        .help = "populated: a process is in it or below",
        .words = cgroup_states},
};

constexpr std::array weekdays{"Mon"sv, "Tue"sv, "Wed"sv, "Thu"sv, "Fri"sv, "Sat"sv, "Sun"sv};
constexpr std::int64_t minutes_a_day = 24 * 60;
constexpr std::array time_keys{
    Key{.name = "start",
        .type = KeyType::time_of_day,
        .fallback = "\"00:00\"",
        .help = "first minute",
        .most = minutes_a_day - 1},
    Key{.name = "end",
        .type = KeyType::time_of_day,
        .fallback = "\"24:00\"",
        .help = "the minute after the last; before start: on the next day",
        .most = minutes_a_day},
    Key{.name = "days", .type = KeyType::words, .help = "days on which it starts; all without", .words = weekdays},
    Key{.name = "timezone", .help = "IANA name; the machine's zone without"},
};

constexpr std::array buses{"system"sv};
constexpr Key bus_key{
    .name = "bus", .type = KeyType::word, .fallback = "\"system\"", .help = "which bus", .words = buses};
constexpr Key sender_key{.name = "sender", .help = "well-known name of its sender; anybody without"};
constexpr Key signal_path_key{.name = "path", .help = "object path"};
constexpr Key signal_interface_key{.name = "interface", .help = "interface"};
constexpr Key member_key{.name = "member", .help = "the signal's name", .required = true};
constexpr Key args_key{.name = "args",
                       .type = KeyType::text_table,
                       .help = "globs over its string arguments by position, as { 0 = \"idle*\" }"};

constexpr std::array signal_match_keys{bus_key,    sender_key, signal_path_key, signal_interface_key,
                                       member_key, args_key};
constexpr std::array signal_keys{
    bus_key,
    sender_key,
    signal_path_key,
    signal_interface_key,
    member_key,
    args_key,
    Key{.name = "for",
        .type = KeyType::duration,
        .help = "how long it counts; each one starts it anew",
        .positive = true},
    Key{.name = "until", .type = KeyType::table, .help = "the signal that ends it", .table = &signal_match_schema},
};

constexpr std::array property_keys{
    bus_key,
    Key{.name = "name", .help = "bus name of its owner", .required = true},
    Key{.name = "path", .help = "object path", .required = true},
    Key{.name = "interface", .help = "interface", .required = true},
    Key{.name = "property", .help = "the property's name", .required = true},
    Key{.name = "equals", .type = KeyType::value, .help = "its value, of the same type"},
    Key{.name = "in", .type = KeyType::values, .help = "any of these values"},
};

constexpr std::array power_sources{"ac"sv, "battery"sv};
constexpr std::array power_profiles{"performance"sv, "balanced"sv, "power-saver"sv};
constexpr std::array power_keys{
    Key{.name = "source", .type = KeyType::words, .help = "what feeds it, as UPower says", .words = power_sources},
    Key{.name = "profile", .type = KeyType::words, .help = "power-profiles-daemon's profile", .words = power_profiles},
};

constexpr std::array resources{"cpu"sv, "memory"sv, "io"sv};
constexpr std::array pressure_keys{
    Key{.name = "resource", .type = KeyType::word, .help = "what is short", .required = true, .words = resources},
    Key{.name = "some", .type = KeyType::percentage, .help = "share of the window in which some tasks wait for it"},
    Key{.name = "full", .type = KeyType::percentage, .help = "share in which all do (not for cpu)"},
    Key{.name = "window", .type = KeyType::duration, .fallback = "\"2s\"", .help = "500ms to 10s", .positive = true},
};

}  // namespace

constexpr TableSchema condition_schema{"when", condition_keys};
constexpr TableSchema process_schema{"process", process_keys};
constexpr TableSchema cgroup_schema{"cgroup", cgroup_keys};
constexpr TableSchema time_schema{"time", time_keys};
constexpr TableSchema signal_schema{"dbus-signal", signal_keys};
constexpr TableSchema signal_match_schema{"until", signal_match_keys};
constexpr TableSchema property_schema{"dbus-property", property_keys};
constexpr TableSchema power_schema{"power", power_keys};
constexpr TableSchema pressure_schema{"pressure", pressure_keys};

}  // namespace schedkit
