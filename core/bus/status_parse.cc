#include <limits>
#include <nlohmann/json.hpp>

#include "core/bus/status_json.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::uint64_t count(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

template <class Integer>
Integer small(const Json& object, const char* key) {
  const std::uint64_t value = count(object, key);
  return value <= static_cast<std::uint64_t>(std::numeric_limits<Integer>::max()) ? static_cast<Integer>(value)
                                                                                  : Integer{0};
}

bool flag(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

Duration milliseconds(const Json& object, const char* key) {
  const Json& value = member(object, key);
  const double number = value.is_number() ? value.get<double>() : 0.0;
  if (!(number >= 0.0 && number < 1e12)) return Duration{0};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(number));
}

WallTime time(const Json& object, const char* key) { return parse_time(text(object, key)).value_or(WallTime{}); }

std::vector<std::string> texts(const Json& object, const char* key) {
  std::vector<std::string> all;
  const Json& array = member(object, key);
  if (!array.is_array()) return all;
  for (const auto& item : array) {
    if (item.is_string()) all.push_back(item.get<std::string>());
  }
  return all;
}

template <class T, class Read>
std::vector<T> list(const Json& object, const char* key, Read read) {
  std::vector<T> all;
  const Json& array = member(object, key);
  if (!array.is_array()) return all;
  for (const auto& item : array) all.push_back(read(item));
  return all;
}

// The enumerator that is shown as `word`; they count from 0 to `last`.
template <class Enum>
Enum enumerator(const std::string& word, Enum last, Enum otherwise) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (to_string(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return otherwise;
}

RunStatus read_run(const Json& object) {
  return {.name = text(object, "name"),
          .id = text(object, "container_id"),
          .image = text(object, "image"),
          .digest = text(object, "image_id"),
          .mode = text(object, "mode"),
          .args = texts(object, "args"),
          .pid = small<std::int32_t>(object, "pid"),
          .started = time(object, "started_at"),
          .phase = text(object, "phase")};
}

Decision read_decision(const Json& root) {
  Decision decision;
  const Json& wanted = member(root, "wanted");
  const std::string name = text(wanted, "scheduler");
  if (!name.empty() && name != "kernel") {
    decision.choice.scheduler.emplace();
    decision.choice.scheduler->name = name;
    decision.choice.scheduler->image = text(wanted, "image");
  }
  decision.choice.mode = text(wanted, "mode");
  decision.choice.args = texts(wanted, "args");
  decision.cause = enumerator(text(wanted, "cause"), Cause::override_choice, Cause::default_choice);
  decision.rule = text(root, "rule");
  decision.reason = text(root, "reason");
  decision.losers = list<Loser>(root, "losers", [](const Json& item) {
    return Loser{.rule = text(item, "rule"), .reason = text(item, "reason")};
  });
  return decision;
}

Error read_error(const Json& object) {
  return {.code = enumerator(text(object, "code"), Errc::failed, Errc::failed),
          .text = text(object, "text"),
          .where = {.file = text(object, "file"),
                    .line = small<std::uint32_t>(object, "line"),
                    .column = small<std::uint32_t>(object, "column")}};
}

RuleStatus read_rule(const Json& object, Instant now) {
  RuleStatus rule{.rule = text(object, "rule"),
                  .use = text(object, "use"),
                  .priority = small<int>(object, "priority"),
                  .state = enumerator(text(object, "state"), RuleState::lingering, RuleState::idle),
                  .until = {}};
  if (member(object, "changes_in_ms").is_number()) rule.until = now + milliseconds(object, "changes_in_ms");
  return rule;
}

PolicyFileStatus read_file_status(const Json& object) {
  return {.path = text(object, "path"),
          .layer = text(object, "layer"),
          .state = enumerator(text(object, "state"), PolicyFileState::masked, PolicyFileState::rejected),
          .hidden_by = text(object, "hidden_by"),
          .sha256 = text(object, "sha256_seen"),
          .sha256_in_force = text(object, "sha256_in_force"),
          .errors = list<Error>(object, "errors", read_error),
          .warnings = list<Error>(object, "warnings", read_error)};
}

SourceStatus read_source(const Json& object) {
  return {.name = text(object, "name"),
          .detail = text(object, "detail"),
          .delivered = count(object, "delivered"),
          .lost = count(object, "lost"),
          .wakeups = count(object, "wakeups")};
}

SwitchRecord read_switch(const Json& object) {
  return {.from = text(object, "from"),
          .to = text(object, "to"),
          .cause = text(object, "cause"),
          .at = time(object, "at"),
          .prepare = milliseconds(object, "prepare_ms"),
          .detach = milliseconds(object, "detach_ms"),
          .attach = milliseconds(object, "attach_ms")};
}

FailureRecord read_failure(const Json& object) {
  return {.scheduler = text(object, "scheduler"),
          .text = text(object, "text"),
          .at = time(object, "at"),
          .output = texts(object, "output")};
}

KernelStatus read_kernel(const Json& object) {
  return {.supported = flag(object, "supported"),
          .state = text(object, "state"),
          .ops = text(object, "ops"),
          .enable_seq = count(object, "enable_seq")};
}

StandbyStatus read_standby(const Json& object) {
  return {.name = text(object, "name"),
          .role = text(object, "role"),
          .phase = text(object, "phase"),
          .why = text(object, "why"),
          .pid = small<std::int32_t>(object, "pid"),
          .digest = text(object, "digest")};
}

StrikeRecord read_strike(const Json& object) {
  return {.key = {text(object, "digest"), texts(object, "args"), text(object, "kernel")},
          .scheduler = text(object, "scheduler"),
          .count = small<int>(object, "strikes"),
          .quarantined = flag(object, "quarantined"),
          .reason = text(object, "reason"),
          .at = time(object, "at")};
}

HoldStatus read_hold(const Json& object) {
  return {small<std::uint32_t>(object, "id"), text(object, "scheduler"), text(object, "mode"), text(object, "by"),
          text(object, "reason")};
}

void read_override(const Json& object, Status& status) {
  if (!object.is_object()) return;
  status.override_by = text(object, "by");
  status.override_until = parse_time(text(object, "until"));
}

}  // namespace

Result<Status> parse_status(std::string_view json, Instant now) {
  const Json root = Json::parse(json, nullptr, false);
  if (!root.is_object() || text(root, "schema_version") != "1") {
    return fail(Errc::invalid, "the daemon's status is not JSON of schema version 1; is it of another version?");
  }
  Status status;
  status.state = enumerator(text(root, "state"), SystemState::unsupported, SystemState::idle);
  status.kernel = read_kernel(member(root, "kernel"));
  if (const Json& run = member(root, "scheduler"); run.is_object()) status.current = read_run(run);
  if (const Json& run = member(root, "candidate"); run.is_object()) status.candidate = read_run(run);
  status.standbys = list<StandbyStatus>(root, "standbys", read_standby);
  if (member(root, "probation_ends_in_ms").is_number()) {
    status.probation_until = now + milliseconds(root, "probation_ends_in_ms");
  }
  status.strikes = list<StrikeRecord>(root, "strikes", read_strike);
  status.foreign_owner = text(root, "foreign_owner");
  status.wanted = read_decision(root);
  read_override(member(root, "override"), status);
  status.holds = list<HoldStatus>(root, "holds", read_hold);
  if (const Json& last = member(root, "last_switch"); last.is_object()) status.last_switch = read_switch(last);
  if (const Json& last = member(root, "last_failure"); last.is_object()) status.last_failure = read_failure(last);
  status.discrepancy = text(root, "discrepancy");
  status.rules = list<RuleStatus>(root, "rules", [now](const Json& item) { return read_rule(item, now); });
  status.files = list<PolicyFileStatus>(root, "files", read_file_status);
  status.problems = list<Error>(root, "problems", read_error);
  status.sources = list<SourceStatus>(root, "sources", read_source);
  return status;
}

}  // namespace schedkit
