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
    case KeyType::words: return "a string or a list of strings";
    case KeyType::time_of_day: return "a time of day in quotes, as \"22:30\"";
    case KeyType::percentage: return "a percentage in quotes, as \"40%\"";
    case KeyType::lifetime: return "\"auto\", \"boot\" or a duration in quotes, as \"2h\"";
    case KeyType::value: return "a string, a number, true or false";
    case KeyType::values: return "a list of strings, numbers or booleans";
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
constexpr std::array requirement_types{"sigstore-key"sv,      "sigstore-keyless"sv,         "digest-pin"sv,
                                       "root-owned-layout"sv, "insecure-accept-anything"sv, "reject"sv};
constexpr std::array tlog_words{"ignore"sv, "require"sv};
constexpr std::array trust_defaults{"reject"sv, "insecure-accept-anything"sv};
constexpr std::array cgroup_managers{"auto"sv, "systemd"sv, "cgroupfs"sv, "disabled"sv};

constexpr std::int64_t most_pids = 4'194'304;  // PID_MAX_LIMIT

// Those that widen what a container may do are withheld from the cluster: `profile` would be pointless otherwise.
constexpr std::array scheduler_keys{
    Key{.name = "image", .help = "fully qualified image reference, or oci:/path/to/layout:tag", .required = true},
    Key{.name = "args", .type = KeyType::texts, .fallback = "[]", .help = "arguments of the scheduler"},
    Key{.name = "modes", .type = KeyType::texts_table, .help = "arguments per mode; they replace args"},
    Key{.name = "env", .type = KeyType::text_table, .help = "environment variables"},
    Key{.name = "standby", .type = KeyType::flag, .fallback = "false", .help = "keep it waiting at the attach gate"},
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
        .positive = true},
};

constexpr std::array rule_keys{
    Key{.name = "name", .help = "unique in its file", .required = true},
    Key{.name = "use", .help = "a scheduler's name, an image reference, or \"kernel\"", .required = true},
    Key{.name = "mode", .help = "a mode of that scheduler"},
    Key{.name = "enabled", .type = KeyType::flag, .fallback = "true", .help = "false: as if the rule were not there"},
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
    Key{.name = "probation", .type = KeyType::duration, .fallback = "\"30s\"", .help = "how long a new one is watched"},
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
    Key{.name = "strikes",
        .type = KeyType::integer,
        .fallback = "3",
        .help = "failures until quarantine",
        .least = 1,
        .most = 1000},
    Key{.name = "backoff-min",
        .type = KeyType::duration,
        .fallback = "\"1s\"",
        .help = "pause after the first failure; it doubles",
        .positive = true},
    Key{.name = "backoff-max",
        .type = KeyType::duration,
        .fallback = "\"60s\"",
        .help = "the longest pause",
        .positive = true},
    Key{.name = "cpu-pressure",
        .fallback = "\"\"",
        .help = "share of 2 s, as \"60%\", that rolls back during probation; \"\" is off"},
};
constexpr std::array guard_keys{
    Key{.name = "enabled",
        .type = KeyType::flag,
        .fallback = "true",
        .help = "eject a scheduler that lets no ordinary task run"},
    Key{.name = "stall", .type = KeyType::duration, .fallback = "\"1s\"", .help = "after how long", .positive = true},
    Key{.name = "foreign", .type = KeyType::flag, .fallback = "true", .help = "also one that somebody else attached"},
};
constexpr std::array standby_keys{
    Key{.name = "max",
        .type = KeyType::integer,
        .fallback = "2",
        .help = "how many wait at the gate, a rollback's included",
        .most = 64},
    Key{.name = "memory",
        .type = KeyType::size,
        .fallback = "\"1GiB\"",
        .help = "sum of their memory limits",
        .positive = true},
};
constexpr std::array override_keys{
    Key{.name = "until",
        .type = KeyType::lifetime,
        .fallback = "\"auto\"",
        .help = "how long a manual choice lasts: auto, boot or a duration"},
    Key{.name = "loader-until",
        .type = KeyType::lifetime,
        .fallback = "\"boot\"",
        .help = "the same for clients of org.scx.Loader"},
};
constexpr std::array registry_keys{
    Key{.name = "parallel",
        .type = KeyType::integer,
        .fallback = "6",
        .help = "layers that are fetched at once",
        .least = 1,
        .most = 64},
    Key{.name = "refresh",
        .type = KeyType::duration,
        .fallback = "\"24h\"",
        .help = "how often the registry is asked whether a tag of a policy moved"},
    Key{.name = "token-hosts",
        .type = KeyType::texts,
        .fallback = "[]",
        .help = "HOST:PORT of token servers at private addresses"},
    Key{.name = "credential-helpers",
        .type = KeyType::flag,
        .fallback = "false",
        .help = "run docker-credential-* programs that auth.json names"},
};
constexpr std::array metrics_keys{inert("listen", KeyType::text, "\"\"")};
constexpr std::array requirement_keys{
    Key{.name = "type",
        .type = KeyType::word,
        .help = "what is required",
        .required = true,
        .words = requirement_types},
    Key{.name = "keys", .type = KeyType::texts, .help = "sigstore-key: files with public keys, any of them"},
    Key{.name = "identity",
        .fallback = "\"repository\"",
        .help = "sigstore-key: the name in the signature: \"repository\", \"any\", or a repository"},
    Key{.name = "tlog",
        .type = KeyType::word,
        .fallback = "\"ignore\"",
        .help = "sigstore-key: whether it must be in a transparency log",
        .words = tlog_words},
    Key{.name = "issuer", .help = "sigstore-keyless: who vouched for the signer"},
    Key{.name = "subject", .help = "sigstore-keyless: the signer"},
    Key{.name = "subject-prefix", .help = "sigstore-keyless: how the signer begins"},
    Key{.name = "trusted-root",
        .fallback = "\"/usr/share/schedkit/trusted_root.json\"",
        .help = "authorities and logs that are believed"},
};

constexpr std::array trust_scope_keys{
    Key{.name = "prefix", .help = "which images", .required = true},
    Key{.name = "require",
        .type = KeyType::table_array,
        .help = "all of these must hold",
        .required = true,
        .table = &trust_requirement_schema},
};

constexpr std::array trust_keys{
    Key{.name = "default",
        .type = KeyType::word,
        .fallback = "\"reject\"",
        .help = "for images that no scope covers",
        .words = trust_defaults},
    Key{.name = "file", .fallback = "\"\"", .help = "a policy.json or YAML trust policy that is used instead"},
    Key{.name = "scope",
        .type = KeyType::table_array,
        .help = "for images below a prefix",
        .table = &trust_scope_schema},
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
constexpr TableSchema trust_scope_schema{"trust.scope", trust_scope_keys};
constexpr TableSchema trust_requirement_schema{"require", requirement_keys};
constexpr TableSchema settings_schema{"settings", settings_keys};

}  // namespace schedkit
