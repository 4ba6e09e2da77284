#include "config/parse.h"

#include <algorithm>
#include <map>

#include "config/parse_condition.h"
#include "config/parse_trust.h"
#include "config/table_reader.h"
#include "core/base/text.h"
#include "core/image/reference.h"

namespace schedkit {

const Scheduler* PolicyText::find(std::string_view name) const {
  const auto found = std::ranges::find(schedulers, name, &Scheduler::name);
  return found == schedulers.end() ? nullptr : &*found;
}

namespace {

constexpr std::string_view letters_and_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t longest_name = 128;
constexpr std::string_view name_rule = "use letters, digits, \"_\", \".\" and \"-\", at most 128";

}  // namespace

bool is_policy_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
    return letters_and_digits.find(c) != std::string_view::npos || c == '_' || c == '.' || c == '-';
  });
}

bool is_image_reference(std::string_view use) {
  return use.starts_with("oci:") || use.find('/') != std::string_view::npos;
}

namespace {

// An image that a policy names, either way.
void check_image(const std::string& image, Place place, Problems& problems) {
  if (const auto reference = parse_policy_reference(image); !reference) {
    problems.error(place, reference.error().text, reference.error().code);
  } else if (reference->kind == Reference::Kind::layout && problems.layer == PolicyLayer::cluster) {
    problems.error(place, "a file of the cluster cannot use oci: images; name one in a registry", Errc::denied);
  }
}

void check_capabilities(TableReader& reader, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const bool right = name.starts_with("CAP_") && name.size() > 4 &&
                       std::ranges::all_of(name, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
    if (!right) {
      reader.problems().error(reader.value_place("caps-add"),
                              fmt::format("{} is not a capability; write it like \"CAP_SYS_NICE\"", quote(name, 64)));
    }
  }
}

void check_paths(TableReader& reader, std::string_view key, const std::vector<std::string>& paths,
                 std::string_view prefix) {
  for (const auto& path : paths) {
    const auto parts = split(path, '/');
    if (path.starts_with(prefix) && path.size() > prefix.size() && std::ranges::count(parts, "..") == 0) continue;
    reader.problems().error(reader.value_place(key), fmt::format("{} holds {}; write paths below {} without \"..\"",
                                                                 key, quote(path, 64), prefix));
  }
}

void check_environment(TableReader& reader, const std::map<std::string, std::string>& env) {
  for (const auto& [name, value] : env) {
    if (!name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string::npos) continue;
    reader.problems().error(reader.value_place("env"), fmt::format("{} cannot be a variable's name", quote(name, 64)));
  }
}

void check_modes(TableReader& reader, const Scheduler& scheduler) {
  for (const auto& [mode, args] : scheduler.modes) {
    if (is_policy_name(mode)) continue;
    reader.problems().error(reader.value_place("modes"),
                            fmt::format("{} cannot be a mode's name: {}", quote(mode, 64), name_rule));
  }
}

void check_container(TableReader& reader, const Scheduler& scheduler) {
  check_capabilities(reader, scheduler.caps_add);
  check_paths(reader, "paths-rw", scheduler.paths_rw, "/");
  check_paths(reader, "devices", scheduler.devices, "/dev/");
  check_environment(reader, scheduler.env);
  check_modes(reader, scheduler);
}

Scheduler parse_scheduler(const Member& member, Problems& problems) {
  Scheduler scheduler;
  scheduler.name = member.key;
  scheduler.where = problems.at(member.place);
  if (!is_policy_name(member.key)) {
    problems.error(member.place, fmt::format("{} cannot be a scheduler's name: {}", quote(member.key, 64), name_rule));
  } else if (member.key == "kernel") {
    problems.error(member.place, "\"kernel\" means that no scheduler is attached; choose another name");
  }
  TableReader reader(member.value, scheduler_schema, fmt::format("[schedulers.{}]", quote(member.key, 64)), problems);
  std::string profile = "strict";
  std::string handover = "gate";
  std::int64_t pids = 0;
  reader.read("image", scheduler.image);
  reader.read("args", scheduler.args);
  reader.read("modes", scheduler.modes);
  reader.read("env", scheduler.env);
  reader.read("standby", scheduler.standby);
  reader.read("profile", profile);
  reader.read("handover", handover);
  reader.read("memory", scheduler.memory);
  reader.read("pids", pids);
  reader.read("caps-add", scheduler.caps_add);
  reader.read("paths-rw", scheduler.paths_rw);
  reader.read("devices", scheduler.devices);
  reader.read("load-timeout", scheduler.load_timeout);
  reader.read("probation", scheduler.probation);
  scheduler.profile = profile == "privileged" ? Profile::privileged
                      : profile == "compat"   ? Profile::compat
                                              : Profile::strict;
  scheduler.handover = handover == "gate" ? Handover::gate : Handover::stop_first;
  scheduler.pids = static_cast<std::uint32_t>(pids);
  if (member.value.find("image") != nullptr && member.value.find("image")->value.type == Node::Type::string) {
    check_image(scheduler.image, reader.value_place("image"), problems);
  }
  check_container(reader, scheduler);
  return scheduler;
}

// What is wrong with `use` and `mode` whoever defines the scheduler.
void check_use(TableReader& reader, const RuleText& rule) {
  if (!reader.has("use") || reader.table().find("use")->value.type != Node::Type::string) return;
  const bool image = is_image_reference(rule.use);
  if (image) {
    check_image(rule.use, reader.value_place("use"), reader.problems());
  } else if (!is_policy_name(rule.use)) {
    reader.problems().error(
        reader.value_place("use"),
        fmt::format("use is {}; name a scheduler, an image reference or \"kernel\"", quote(rule.use, 64)));
  }
  if (!rule.mode.empty() && (image || rule.use == "kernel")) {
    reader.problems().error(reader.key_place("mode"),
                            fmt::format("{} has no modes; define a scheduler with modes and use that",
                                        image ? "an image reference" : "\"kernel\""));
  }
}

RuleText parse_rule(const Node& node, const TextSource& source, Problems& problems) {
  RuleText text;
  const Member* name = node.find("name");
  const bool named = name != nullptr && name->value.type == Node::Type::string;
  TableReader reader(node, rule_schema, named ? "rule " + quote(name->value.text, 64) : "a rule", problems);
  std::int64_t priority = text.rule.priority;
  reader.read("name", text.rule.name);
  reader.read("use", text.use);
  reader.read("mode", text.mode);
  reader.read("enabled", text.enabled);
  reader.read("priority", priority);
  reader.read("delay", text.rule.delay);
  reader.read("linger", text.rule.linger);
  text.rule.when = parse_conditions(reader, "when");
  text.rule.unless = parse_conditions(reader, "unless");
  text.rule.priority = static_cast<int>(priority);
  text.rule.file = source.file;
  text.rule.where = problems.at(reader.key_place("name"));
  text.use_where = problems.at(reader.value_place("use"));
  text.mode_where = problems.at(reader.value_place("mode"));
  if (named && !is_policy_name(text.rule.name)) {
    problems.error(name->value.place,
                   fmt::format("{} cannot be a rule's name: {}", quote(name->value.text, 64), name_rule));
  }
  if (reader.has("mode") && text.mode.empty() && reader.table().find("mode")->value.type == Node::Type::string) {
    problems.error(reader.value_place("mode"), "mode is empty; name a mode or leave it out");
  }
  check_use(reader, text);
  return text;
}

void check_rule_names(const std::vector<RuleText>& rules, Problems& problems) {
  std::map<std::string, const Where*> seen;
  for (const auto& text : rules) {
    const auto& where = text.rule.where;
    if (text.rule.name.empty()) continue;
    const auto [first, fresh] = seen.try_emplace(text.rule.name, &where);
    if (!fresh) {
      problems.error({where.line, where.column},
                     fmt::format("rule {} is already defined in line {}; give it another name",
                                 quote(text.rule.name, 64), first->second->line));
    }
  }
}

void parse_policy(const Node& root, const TextSource& source, Problems& problems, PolicyText& out) {
  TableReader reader(root, policy_schema, "a policy file", problems);
  for (const Member* member : reader.named_tables("schedulers")) {
    out.schedulers.push_back(parse_scheduler(*member, problems));
  }
  for (const Node* rule : reader.tables("rules")) out.rules.push_back(parse_rule(*rule, source, problems));
  check_rule_names(out.rules, problems);
}

void require_absolute(TableReader& reader, std::string_view key, const std::string& path, bool name_allowed) {
  if (!reader.has(key) || (name_allowed && !path.empty() && path.find('/') == std::string::npos)) return;
  if (path.starts_with('/')) return;
  reader.problems().error(reader.value_place(key),
                          fmt::format("{} is {}; write {}an absolute path", key, quote(path, 64),
                                      name_allowed ? "a command's name or " : ""));
}

// The one table under `key`, read with its schema by `fill`; keys without effect are checked in any case.
template <class Fill>
void parse_section(TableReader& root, const Key& key, Fill fill) {
  for (const Node* node : root.tables(key.name)) {
    TableReader reader(*node, *key.table, fmt::format("[{}]", key.name), root.problems());
    fill(reader);
    reader.check_inert();
  }
}

// "60%" as a share; "" is none.
void read_share(TableReader& reader, std::string_view key, double& share) {
  std::string text;
  reader.read(key, text);
  if (text.empty()) return;
  const auto percent =
      text.ends_with('%') ? parse_unsigned(text.substr(0, text.size() - 1)) : Result<std::uint64_t>(0U);
  if (percent && *percent >= 1 && *percent <= 99) {
    share = static_cast<double>(*percent) / 100;
  } else {
    reader.problems().error(reader.value_place(key),
                            fmt::format("{} is {}; write a share from \"1%\" to \"99%\"", key, quote(text, 64)));
  }
}

void parse_rollback(TableReader& reader, Settings& settings) {
  std::int64_t strikes = settings.strikes;
  reader.read("strikes", strikes);
  reader.read("backoff-min", settings.backoff_min);
  reader.read("backoff-max", settings.backoff_max);
  read_share(reader, "cpu-pressure", settings.cpu_pressure);
  settings.strikes = static_cast<int>(strikes);
  if (settings.backoff_max < settings.backoff_min) {
    reader.problems().error(reader.value_place("backoff-max"), "backoff-max is less than backoff-min");
  }
}

// Below that a single busy moment would pass for a stall.
constexpr Duration least_stall = std::chrono::milliseconds(500);

// How registries are asked for permission.
void parse_access(TableReader& reader, Settings& settings) {
  reader.read("token-hosts", settings.token_hosts);
  reader.read("credential-helpers", settings.credential_helpers);
  for (const std::string& host : settings.token_hosts) {
    const auto colon = host.rfind(':');
    const auto port = parse_unsigned(colon == std::string::npos ? "" : host.substr(colon + 1));
    if (colon > 0 && port && *port > 0 && *port < 65536 && host.find('/') == std::string::npos) continue;
    reader.problems().error(reader.value_place("token-hosts"),
                            fmt::format("token-hosts has {}; write HOST:PORT, as \"auth.lan:443\"", quote(host, 64)));
  }
}

void parse_settings_section(TableReader& root, const Key& key, Settings& settings) {
  parse_section(root, key, [&](TableReader& reader) {
    if (key.name == "switch") {
      reader.read("load-timeout", settings.load_timeout);
      reader.read("attach-timeout", settings.attach_timeout);
      reader.read("stop-timeout", settings.stop_timeout);
      reader.read("dwell", settings.dwell);
      reader.read("probation", settings.probation);
    } else if (key.name == "override") {
      reader.read("until", settings.override_until);
      reader.read("loader-until", settings.loader_until);
    } else if (key.name == "rollback") {
      parse_rollback(reader, settings);
    } else if (key.name == "standby") {
      std::int64_t max = settings.standby_max;
      reader.read("max", max);
      reader.read("memory", settings.standby_memory);
      settings.standby_max = static_cast<unsigned>(max);
    } else if (key.name == "store") {
      reader.read("path", settings.store_path);
      require_absolute(reader, "path", settings.store_path, false);
      reader.read("keep", settings.store_keep);
      reader.read("limit", settings.store_limit);
    } else if (key.name == "registry") {
      std::int64_t parallel = settings.registry_parallel;
      reader.read("parallel", parallel);
      reader.read("refresh", settings.registry_refresh);
      settings.registry_parallel = static_cast<unsigned>(parallel);
      parse_access(reader, settings);
    } else if (key.name == "runtime") {
      reader.read("path", settings.runtime_path);
      reader.read("cgroup-manager", settings.cgroup_manager);
      require_absolute(reader, "path", settings.runtime_path, true);
    } else if (key.name == "guard") {
      reader.read("enabled", settings.guard.enabled);
      reader.read("stall", settings.guard.stall);
      reader.read("foreign", settings.guard.foreign);
      if (reader.has("stall") && settings.guard.stall < least_stall) {
        reader.problems().error(reader.value_place("stall"),
                                fmt::format("stall must be at least {}", format_duration(least_stall)));
      }
    } else if (key.name == "trust") {
      reader.read("file", settings.trust_file);
      require_absolute(reader, "file", settings.trust_file, false);
      settings.trust = parse_trust(reader);
    }
  });
}

void parse_settings(const Node& root, Problems& problems, PolicyText& out) {
  auto& [settings, default_where] = out.settings.emplace();
  TableReader reader(root, settings_schema, std::string(settings_file_name), problems);
  std::string foreign = "respect";
  reader.read("default", settings.default_name);
  reader.read("foreign", foreign);
  settings.replace_foreign = foreign == "replace";
  default_where = problems.at(reader.value_place("default"));
  if (!is_policy_name(settings.default_name)) {
    problems.error(reader.value_place("default"),
                   fmt::format("default is {}; name a scheduler or \"kernel\"", quote(settings.default_name, 64)));
  }
  for (const auto& key : settings_schema.keys) {
    if (key.type == KeyType::table) parse_settings_section(reader, key, settings);
  }
}

}  // namespace

ParsedText parse_text(std::string_view text, const TextSource& source) {
  ParsedText parsed;
  Problems problems;
  problems.file = source.shown;
  problems.layer = source.layer;
  parsed.text.file = source.file;
  if (text.size() > largest_policy_file) {
    parsed.errors.push_back({Errc::limit, "the file is larger than 64 KiB; split it", {source.shown, 0, 0}});
    return parsed;
  }
  const auto root = parse_document(text, source.shown);
  if (!root) {
    parsed.errors.push_back(root.error());
    return parsed;
  }
  if (source.file == settings_file_name) {
    parse_settings(*root, problems, parsed.text);
  } else {
    parse_policy(*root, source, problems, parsed.text);
  }
  problems.sort();
  parsed.errors = std::move(problems.errors);
  parsed.warnings = std::move(problems.warnings);
  return parsed;
}

}  // namespace schedkit
