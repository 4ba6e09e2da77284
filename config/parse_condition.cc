#include "config/parse_condition.h"

#include <algorithm>

#include "core/base/text.h"

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

ProcessCondition parse_process(const Node& node, const std::string& title, Problems& problems) {
  TableReader reader(node, process_schema, title, problems);
  ProcessCondition condition;
  reader.read("comm", condition.comm);
  reader.read("exe", condition.exe);
  reader.read("cmdline", condition.cmdline);
  reader.read("env", condition.env);
  reader.read("user", condition.user);
  reader.read("parent", condition.parent);
  reader.read("cgroup", condition.cgroup);
  if (node.members.empty()) {
    problems.error(node.place,
                   fmt::format("{} is empty and would match every process; name comm, exe or another key", title));
  }
  warn_of_dead_patterns(reader, condition);
  return condition;
}

ConditionSet parse_set(const Node& node, const std::string& title, Problems& problems) {
  TableReader reader(node, condition_schema, title, problems);
  ConditionSet set;
  for (const Node* process : reader.tables("process")) {
    set.emplace_back(parse_process(*process, "process in " + title, problems));
  }
  const Member* process = node.find("process");
  if (process != nullptr && process->value.type == Node::Type::array && process->value.items.empty()) {
    problems.error(process->value.place, fmt::format("process in {} is an empty list", title));
  }
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
