#include "config/schema.h"

#include <algorithm>
#include <array>

namespace schedkit {

const Key* TableSchema::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> TableSchema::key_names() const {
  std::vector<std::string_view> names;
  for (const auto& key : keys) names.push_back(key.name);
  return names;
}

std::string_view describe(KeyType type) {
  switch (type) {
    case KeyType::text:
    case KeyType::word: return "a string";
    case KeyType::flag: return "true or false";
    case KeyType::integer: return "an integer";
    case KeyType::duration: return "a duration in quotes, as \"10s\"";
    case KeyType::size: return "a size in quotes, as \"512MiB\"";
    case KeyType::texts: return "a list of strings, as [\"one\", \"two\"]";
    case KeyType::text_table: return "a table of strings, as { NAME = \"value\" }";
    case KeyType::texts_table: return "a table of lists, as { NAME = [\"one\", \"two\"] }";
    case KeyType::patterns: return "a string or a list of strings";
    case KeyType::pattern_table: return "a table of strings or lists, as { NAME = \"glob*\" }";
    case KeyType::table: return "a table";
    case KeyType::tables: return "a table or an array of tables";
    case KeyType::table_array: return "an array of tables, as [[rules]]";
    case KeyType::named_tables: return "a table of tables";
    case KeyType::anything: return "anything";
  }
  return "unknown";
}

namespace {

using std::literals::operator""sv;

constexpr std::array profiles{"strict"sv, "compat"sv, "privileged"sv};
constexpr std::array handovers{"gate"sv, "stop-first"sv};
constexpr std::array foreign_words{"respect"sv, "replace"sv};
constexpr std::array cgroup_managers{"auto"sv, "systemd"sv, "cgroupfs"sv, "disabled"sv};

constexpr std::int64_t most_pids = 4'194'304;  // PID_MAX_LIMIT

// Those that widen what a container may do are withheld from the cluster: `profile` would be pointless otherwise.
constexpr std::array scheduler_keys{
    Key{.name = "image", .help = "fully qualified image reference, or oci:/path/to/layout:tag", .required = true},
    Key{.name = "args", .type = KeyType::texts, .fallback = "[]", .help = "arguments of the scheduler"},
    Key{.name = "modes", .type = KeyType::texts_table, .help = "arguments per mode; they replace args"},
    Key{.name = "env", .type = KeyType::text_table, .help = "environment variables"},
    Key{.name = "standby",
        .type = KeyType::flag,
        .fallback = "false",
        .help = "keep it waiting at the attach gate",
        .status = KeyStatus::inert},
    Key{.name = "profile",
        .type = KeyType::word,
        .fallback = "\"strict\"",
        .help = "container profile",
        .from_cluster = false,
        .words = profiles},
    Key{.name = "handover",
        .type = KeyType::word,
        .fallback = "\"gate\"",
        .help = "how it takes over",
        .from_cluster = false,
        .words = handovers},
    Key{.name = "memory", .type = KeyType::size, .help = "memory limit", .positive = true},
    Key{.name = "pids",
        .type = KeyType::integer,
        .fallback = "512",
        .help = "limit of tasks",
        .least = 1,
        .most = most_pids},
    Key{.name = "caps-add", .type = KeyType::texts, .help = "capabilities beyond the profile's", .from_cluster = false},
    Key{.name = "paths-rw", .type = KeyType::texts, .help = "host paths it may write", .from_cluster = false},
    Key{.name = "devices", .type = KeyType::texts, .help = "device nodes it may use", .from_cluster = false},
    Key{.name = "load-timeout",
        .type = KeyType::duration,
        .help = "time from start to the attach gate",
        .positive = true},
    Key{.name = "probation",
        .type = KeyType::duration,
        .help = "how long it is watched after an attach",
        .status = KeyStatus::inert},
};

constexpr std::array rule_keys{
    Key{.name = "name", .help = "unique in its file", .required = true},
    Key{.name = "use", .help = "a scheduler's name, an image reference, or \"kernel\"", .required = true},
    Key{.name = "mode", .help = "a mode of that scheduler"},
    Key{.name = "priority",
        .type = KeyType::integer,
        .fallback = "100",
        .help = "higher wins",
        .least = 0,
        .most = 1000},
    Key{.name = "delay",
        .type = KeyType::duration,
        .fallback = "\"0s\"",
        .help = "must hold this long before it counts"},
    Key{.name = "linger",
        .type = KeyType::duration,
        .fallback = "\"5s\"",
        .help = "counts this long after it stopped holding"},
    Key{.name = "when",
        .type = KeyType::tables,
        .help = "holds while this does; missing: always",
        .table = &condition_schema},
    Key{.name = "unless", .type = KeyType::tables, .help = "does not hold while this does", .table = &condition_schema},
};

constexpr std::array condition_keys{
    Key{.name = "process", .type = KeyType::tables, .help = "a living process matches", .table = &process_schema},
    Key{.name = "cgroup", .type = KeyType::anything, .status = KeyStatus::later},
    Key{.name = "time", .type = KeyType::anything, .status = KeyStatus::later},
    Key{.name = "dbus-signal", .type = KeyType::anything, .status = KeyStatus::later},
    Key{.name = "dbus-property", .type = KeyType::anything, .status = KeyStatus::later},
    Key{.name = "power", .type = KeyType::anything, .status = KeyStatus::later},
    Key{.name = "pressure", .type = KeyType::anything, .status = KeyStatus::later},
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

constexpr std::array policy_keys{
    Key{.name = "schedulers", .type = KeyType::named_tables, .help = "schedulers by name", .table = &scheduler_schema},
    Key{.name = "rules", .type = KeyType::table_array, .help = "when which one runs", .table = &rule_schema},
};

constexpr std::array switch_keys{
    Key{.name = "load-timeout",
        .type = KeyType::duration,
        .fallback = "\"60s\"",
        .help = "from start to the attach gate",
        .positive = true},
    Key{.name = "attach-timeout",
        .type = KeyType::duration,
        .fallback = "\"5s\"",
        .help = "from the gate to enabled",
        .positive = true},
    Key{.name = "stop-timeout",
        .type = KeyType::duration,
        .fallback = "\"5s\"",
        .help = "per step of stopping",
        .positive = true},
    Key{.name = "dwell",
        .type = KeyType::duration,
        .fallback = "\"2s\"",
        .help = "least time between automatic switches"},
    Key{.name = "probation",
        .type = KeyType::duration,
        .fallback = "\"30s\"",
        .help = "how long a new one is watched",
        .status = KeyStatus::inert},
};

constexpr std::array store_keys{
    Key{.name = "path", .fallback = "\"/var/lib/schedkit\"", .help = "images and state"},
    Key{.name = "keep",
        .type = KeyType::integer,
        .fallback = "3",
        .help = "newest versions kept of each repository",
        .most = 1000},
    Key{.name = "limit",
        .type = KeyType::size,
        .fallback = "\"2GiB\"",
        .help = "size of the store; what policies need may exceed it"},
};

constexpr std::array runtime_keys{
    Key{.name = "path", .fallback = "\"crun\"", .help = "the OCI runtime: a command or an absolute path"},
    Key{.name = "cgroup-manager",
        .type = KeyType::word,
        .fallback = "\"auto\"",
        .help = "how containers get cgroups",
        .words = cgroup_managers},
};

// Of the design, without effect until their parts exist.
constexpr Key inert(std::string_view name, KeyType type, std::string_view fallback, std::int64_t most = 0) {
  return {.name = name, .type = type, .fallback = fallback, .status = KeyStatus::inert, .most = most};
}

constexpr std::array rollback_keys{
    inert("strikes", KeyType::integer, "3", 1000),
    inert("backoff-min", KeyType::duration, "\"1s\""),
    inert("backoff-max", KeyType::duration, "\"60s\""),
    inert("cpu-pressure", KeyType::text, "\"\""),
};
constexpr std::array guard_keys{
    inert("enabled", KeyType::flag, "true"),
    inert("stall", KeyType::duration, "\"1s\""),
    inert("foreign", KeyType::flag, "true"),
};
constexpr std::array standby_keys{
    inert("max", KeyType::integer, "2", 64),
    inert("memory", KeyType::size, "\"1GiB\""),
};
constexpr std::array override_keys{
    inert("until", KeyType::text, "\"auto\""),
    inert("loader-until", KeyType::text, "\"boot\""),
};
constexpr std::array registry_keys{
    inert("parallel", KeyType::integer, "6", 64),
    Key{.name = "refresh",
        .type = KeyType::duration,
        .fallback = "\"24h\"",
        .help = "how often the registry is asked whether a tag of a policy moved"},
};
constexpr std::array metrics_keys{inert("listen", KeyType::text, "\"\"")};
constexpr std::array trust_keys{
    inert("default", KeyType::text, "\"reject\""),
    inert("scope", KeyType::anything, ""),
};

constexpr TableSchema switch_schema{"switch", switch_keys};
constexpr TableSchema store_schema{"store", store_keys};
constexpr TableSchema runtime_schema{"runtime", runtime_keys};
constexpr TableSchema rollback_schema{"rollback", rollback_keys};
constexpr TableSchema guard_schema{"guard", guard_keys};
constexpr TableSchema standby_schema{"standby", standby_keys};
constexpr TableSchema override_schema{"override", override_keys};
constexpr TableSchema registry_schema{"registry", registry_keys};
constexpr TableSchema metrics_schema{"metrics", metrics_keys};
constexpr TableSchema trust_schema{"trust", trust_keys};

constexpr Key section(const TableSchema& schema) {
  return {.name = schema.name, .type = KeyType::table, .table = &schema};
}

constexpr std::array settings_keys{
    Key{.name = "default", .fallback = "\"kernel\"", .help = "what runs when no rule holds"},
    Key{.name = "foreign",
        .type = KeyType::word,
        .fallback = "\"respect\"",
        .help = "a scheduler that someone else attached",
        .words = foreign_words},
    section(switch_schema),
    section(store_schema),
    section(runtime_schema),
    section(rollback_schema),
    section(guard_schema),
    section(standby_schema),
    section(override_schema),
    section(registry_schema),
    section(metrics_schema),
    section(trust_schema),
};

}  // namespace

constexpr TableSchema policy_schema{"policy", policy_keys};
constexpr TableSchema scheduler_schema{"schedulers", scheduler_keys};
constexpr TableSchema rule_schema{"rules", rule_keys};
constexpr TableSchema condition_schema{"when", condition_keys};
constexpr TableSchema process_schema{"process", process_keys};
constexpr TableSchema settings_schema{"settings", settings_keys};

}  // namespace schedkit
