// The schema of SchedPolicy (k8s/deploy) against what judges a policy afterwards: our reader, and schedkitd's key
// tables. The schema of NodeSched against what we write.
#include <algorithm>
#include <set>

#include "config/schema.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "k8s/node_status.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

using Json = nlohmann::json;
using Names = std::set<std::string>;

std::string camel_case(std::string_view key) {
  if (key == "timezone") return "timeZone";
  std::string field;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool raise = i > 0 && key[i - 1] == '-';
    if (key[i] != '-') field += raise ? static_cast<char>(key[i] - 'a' + 'A') : key[i];
  }
  return field;
}

std::string text_of(const Names& names) { return join(std::vector<std::string>(names.begin(), names.end()), " "); }

Names without(Names names, const std::string& name) {
  names.erase(name);
  return names;
}

Names with(Names names, const Names& more) {
  names.insert(more.begin(), more.end());
  return names;
}

// The keys that a file of the cluster may set.
Names fields_of(const TableSchema& schema) {
  Names names;
  for (const auto& key : schema.keys) {
    if (key.from_cluster) names.insert(camel_case(key.name));
  }
  return names;
}

Names properties_of(const Json& schema) {
  Names names;
  for (const auto& [name, value] : schema.at("properties").items()) names.insert(name);
  return names;
}

Names required_of(const Json& schema) {
  return schema.contains("required") ? schema.at("required").get<Names>() : Names();
}

Json schema_of(const std::string& file) {
  const auto text = read_file(std::string(TEST_DATA) + "/../../k8s/deploy/base/crds/" + file, 1 << 20);
  if (!text) FAIL(text.error().describe().c_str());
  return object_of(*text).at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema").at("properties");
}

// The JSON type in which the schema takes a key; patterns and words are lists always. "" for one of any type.
std::string type_of(KeyType type) {
  switch (type) {
    case KeyType::flag: return "boolean";
    case KeyType::integer: return "integer";
    case KeyType::texts:
    case KeyType::words:
    case KeyType::values:
    case KeyType::patterns:
    case KeyType::table_array: return "array";
    case KeyType::text_table:
    case KeyType::texts_table:
    case KeyType::pattern_table:
    case KeyType::table:
    case KeyType::tables:
    case KeyType::named_tables: return "object";
    case KeyType::value: return "";
    default: return "string";
  }
}

void compare_key(const Key& key, const Json& schema, const std::string& where) {
  STRCMP_EQUAL_TEXT(type_of(key.type).c_str(), schema.value("type", "").c_str(), where.c_str());
  if (!key.words.empty()) {
    const Names words(key.words.begin(), key.words.end());
    const auto& holder = key.type == KeyType::words ? schema.at("items") : schema;
    STRCMP_EQUAL_TEXT(text_of(words).c_str(), text_of(holder.at("enum").get<Names>()).c_str(), where.c_str());
  }
  if (key.type == KeyType::integer) {
    LONGS_EQUAL_TEXT(key.least, schema.at("minimum").get<long>(), where.c_str());
    LONGS_EQUAL_TEXT(key.most, schema.at("maximum").get<long>(), where.c_str());
  }
}

void compare_keys(const TableSchema& table, const Json& schema, const std::string& where) {
  for (const auto& key : table.keys) {
    const auto found = schema.at("properties").find(camel_case(key.name));
    if (found != schema.at("properties").end()) compare_key(key, *found, where + "." + camel_case(key.name));
  }
}

void compare_table(const TableSchema& table, const Json& schema, const std::string& where) {
  STRCMP_EQUAL_TEXT(text_of(fields_of(table)).c_str(), text_of(properties_of(schema)).c_str(), where.c_str());
  Names required;
  for (const auto& key : table.keys) {
    if (key.required) required.insert(camel_case(key.name));
  }
  STRCMP_EQUAL_TEXT(text_of(required).c_str(), text_of(required_of(schema)).c_str(), where.c_str());
  compare_keys(table, schema, where);
}

void compare_conditions(const Json& set, const std::string& where) {
  for (const auto& kind : condition_schema.keys) {
    const auto field = camel_case(kind.name);
    compare_table(*kind.table, set.at("properties").at(field), where + "." + field);
  }
  compare_table(signal_match_schema, set.at("properties").at("dbusSignal").at("properties").at("until"), where);
}

// What the reader's message says that it knows.
Names known_in(const Error& error) {
  const std::string_view mark = "known are ";
  const auto start = error.text.find(mark);
  CHECK_TEXT(start != std::string::npos, error.text.c_str());
  Names names;
  const auto list = error.text.substr(start + mark.size());
  for (auto word : split(list, ',')) names.insert(std::string(trim(word)));
  return names;
}

Names known_to_reader(const std::string& spec) {
  const auto policy = read_policy(object_of(sched_policy(spec)));
  CHECK_FALSE(policy.has_value());
  return known_in(policy.error());
}

Names known_to_renderer(const std::string& spec) {
  const auto rendered = render(policy_of(sched_policy(spec)), {});
  CHECK_FALSE(rendered.has_value());
  return known_in(rendered.error());
}

// That the schema admits `value` so far as types, fields, words and lengths go. Server-side apply refuses a field that
// is not in the schema; what it has and was not written is added to `unused`.
void check_admitted(const Json& value, const Json& schema, const std::string& where, Names& unused) {
  const auto type = schema.at("type").get<std::string>();
  if (type == "object") {
    CHECK_TEXT(value.is_object(), where.c_str());
    for (const auto& [name, field] : value.items()) {
      CHECK_TEXT(schema.at("properties").contains(name), (where + "." + name + " is not in the schema").c_str());
      check_admitted(field, schema.at("properties").at(name), where + "." + name, unused);
    }
    for (const auto& name : properties_of(schema)) {
      if (!value.contains(name)) unused.insert(where + "." + name);
    }
    for (const auto& name : required_of(schema)) CHECK_TEXT(value.contains(name), (where + "." + name).c_str());
  } else if (type == "array") {
    CHECK_TEXT(value.is_array() && value.size() <= schema.at("maxItems").get<std::size_t>(), where.c_str());
    for (const auto& item : value) check_admitted(item, schema.at("items"), where + "[]", unused);
  } else if (type == "string") {
    CHECK_TEXT(value.is_string(), where.c_str());
    const auto text = value.get<std::string>();
    CHECK_TEXT(text.size() <= schema.value("maxLength", std::size_t{20}), where.c_str());  // 20: a date
    CHECK_TEXT(!schema.contains("enum") || schema.at("enum").get<Names>().contains(text), (where + text).c_str());
  } else {
    CHECK_TEXT(type == "integer" ? value.is_number_integer() : value.is_boolean(), where.c_str());
  }
}

}  // namespace

TEST_GROUP(Crd) {
  Json spec = schema_of("schedpolicies.yaml").at("spec");
  Json rule = spec.at("properties").at("rules").at("items");

  const Json& property(const Json& schema, const char* name) const { return schema.at("properties").at(name); }
};

TEST(Crd, the_spec_is_what_the_reader_knows) {
  STRCMP_EQUAL(text_of(known_to_reader("  wrong: 1\n")).c_str(), text_of(properties_of(spec)).c_str());
  STRCMP_EQUAL(text_of(known_to_reader("  default: {builtin: kernel}\n  nodeSelector: {wrong: 1}\n")).c_str(),
               text_of(properties_of(property(spec, "nodeSelector"))).c_str());
}

TEST(Crd, rules_and_schedulers_are_what_the_renderer_knows) {
  STRCMP_EQUAL(text_of(known_to_renderer("  rules: [{wrong: 1}]\n")).c_str(), text_of(properties_of(rule)).c_str());
  const auto use = known_to_renderer("  rules: [{use: {wrong: 1}}]\n");
  STRCMP_EQUAL(text_of(use).c_str(), text_of(properties_of(property(rule, "use"))).c_str());
  STRCMP_EQUAL(text_of(with(use, {"mode"})).c_str(), text_of(properties_of(property(spec, "default"))).c_str());
  const auto set = known_to_renderer("  rules: [{use: {builtin: kernel}, when: [{wrong: {}}]}]\n");
  STRCMP_EQUAL(text_of(set).c_str(), text_of(properties_of(property(rule, "when").at("items"))).c_str());
  const auto pod = known_to_renderer("  rules: [{use: {builtin: kernel}, when: [{pod: {wrong: 1}}]}]\n");
  STRCMP_EQUAL(text_of(pod).c_str(),
               text_of(properties_of(property(property(rule, "when").at("items"), "pod"))).c_str());
}

TEST(Crd, schedulers_are_those_of_policy_files) {
  // What widens a container's rights is in no file of the cluster, and loadTimeout is the daemon's load-timeout.
  const auto fields = with(without(fields_of(scheduler_schema), "image"), {"image", "builtin"});
  STRCMP_EQUAL(text_of(fields).c_str(), text_of(properties_of(property(rule, "use"))).c_str());
  compare_keys(scheduler_schema, property(rule, "use"), "use");
}

TEST(Crd, rules_are_those_of_policy_files) {
  // Whoever would disable a rule of the cluster removes it.
  STRCMP_EQUAL(text_of(without(fields_of(rule_schema), "enabled")).c_str(), text_of(properties_of(rule)).c_str());
  STRCMP_EQUAL("name use", text_of(required_of(rule)).c_str());
  LONGS_EQUAL(rule_schema.find("priority")->most, property(rule, "priority").at("maximum").get<long>());
  LONGS_EQUAL(rule_schema.find("priority")->most, property(spec, "priority").at("maximum").get<long>());
  LONGS_EQUAL(100, property(spec, "priority").at("default").get<long>());
}

TEST(Crd, conditions_are_those_of_policy_files) {
  for (const char* list : {"when", "unless"}) {
    const auto& set = property(rule, list).at("items");
    const auto& inner = property(set, "and").at("items");
    STRCMP_EQUAL(text_of(with(fields_of(condition_schema), {"pod", "and"})).c_str(),
                 text_of(properties_of(set)).c_str());
    STRCMP_EQUAL(text_of(with(fields_of(condition_schema), {"pod"})).c_str(), text_of(properties_of(inner)).c_str());
    compare_conditions(set, list);
    compare_conditions(inner, std::string(list) + ".and");
  }
}

TEST(Crd, the_others_have_what_is_read_and_written) {
  STRCMP_EQUAL("sched",
               text_of(properties_of(property(Json{{"properties", schema_of("schedexts.yaml")}}, "spec"))).c_str());
  const auto node = property(Json{{"properties", schema_of("nodescheds.yaml")}}, "status");
  STRCMP_EQUAL("Applied Failed Overridden Pending RolledBack Staged Suspended",
               text_of(property(property(node, "policies").at("items"), "phase").at("enum").get<Names>()).c_str());
}

TEST(Crd, a_node_writes_only_what_the_schema_has) {
  const auto schema = property(Json{{"properties", schema_of("nodescheds.yaml")}}, "status");
  const std::string longest(5000, 'x');
  NodePlan plan;
  std::map<std::string, PolicyState> states;
  for (int phase = 0; phase <= static_cast<int>(PolicyPhase::suspended); ++phase) {
    const auto file = fmt::format("k8s-p{}.toml", phase);
    plan.policies[file] = {.source = {.name = fmt::format("p{}", phase), .generation = 1},
                           .revision = "0123456789abcdef"};
    states[file] = {static_cast<PolicyPhase>(phase), longest};
  }
  Status daemon;
  daemon.kernel = {.supported = true, .state = "enabled", .ops = longest};
  daemon.state = SystemState::running;
  daemon.current = RunStatus{.name = longest, .image = longest, .digest = longest};
  daemon.wanted.choice.scheduler = Scheduler{.name = longest};
  daemon.wanted.rule = "k8s-p0.toml/" + longest;
  const auto status = [&](const Status* told) {
    return node_status(
        {.agent_version = "1", .kernel_release = longest, .daemon = told, .plan = plan, .states = states}, {}, {});
  };
  Names unused;
  check_admitted(status(&daemon), schema, "status", unused);
  // No NodeSched has a spec, so no generation.
  STRCMP_EQUAL("status.conditions[].observedGeneration status.observedGeneration", text_of(unused).c_str());
  check_admitted(status(nullptr), schema, "status", unused);
  daemon.state = SystemState::foreign;
  check_admitted(status(&daemon), schema, "status", unused);
}
