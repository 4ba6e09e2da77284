#include "core/bus/status_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/bus/status_words.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

double milliseconds(Duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000.0;
}

// A time that nobody set is left out.
void add_time(Json& object, const char* key, WallTime time, bool exact) {
  if (time != WallTime{}) object[key] = format_time(time, exact);
}

void add_text(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

Json run_json(const RunStatus& run) {
  Json object = {{"name", run.name}, {"container_id", run.id}, {"image", run.image}};
  add_text(object, "image_id", run.digest);
  object["pid"] = run.pid;
  add_time(object, "started_at", run.started, false);
  object["mode"] = run.mode;
  object["args"] = run.args;
  object["phase"] = run.phase;
  return object;
}

Json wanted_json(const Decision& wanted) {
  Json object = {{"scheduler", wanted.choice.name()}};
  if (wanted.choice.scheduler) object["image"] = wanted.choice.scheduler->image;
  object["mode"] = wanted.choice.mode;
  object["args"] = wanted.choice.args;
  object["cause"] = to_string(wanted.cause);
  return object;
}

Json losers_json(const std::vector<Loser>& losers) {
  Json array = Json::array();
  for (const auto& loser : losers) array.push_back({{"rule", loser.rule}, {"reason", loser.reason}});
  return array;
}

Json switch_json(const SwitchRecord& record) {
  Json object = {{"from", record.from}, {"to", record.to}, {"cause", record.cause}};
  add_time(object, "at", record.at, true);
  object["prepare_ms"] = milliseconds(record.prepare);
  object["detach_ms"] = milliseconds(record.detach);
  object["attach_ms"] = milliseconds(record.attach);
  return object;
}

Json failure_json(const FailureRecord& record) {
  Json object = {{"scheduler", record.scheduler}, {"text", record.text}};
  add_time(object, "at", record.at, true);
  object["output"] = record.output;
  return object;
}

Json standbys_json(const std::vector<StandbyStatus>& standbys) {
  Json array = Json::array();
  for (const auto& standby : standbys) {
    Json object = {{"name", standby.name}, {"role", standby.role}, {"phase", standby.phase}};
    add_text(object, "why", standby.why);
    if (standby.pid > 0) object["pid"] = standby.pid;
    add_text(object, "digest", standby.digest);
    array.push_back(std::move(object));
  }
  return array;
}

Json holds_json(const std::vector<HoldStatus>& holds) {
  Json array = Json::array();
  for (const auto& hold : holds) {
    array.push_back({{"id", hold.id},
                     {"scheduler", hold.scheduler},
                     {"mode", hold.mode},
                     {"by", hold.by},
                     {"reason", hold.reason}});
  }
  return array;
}

Json strikes_json(const std::vector<StrikeRecord>& records) {
  Json array = Json::array();
  for (const auto& record : records) {
    Json object = {{"scheduler", record.scheduler}, {"digest", record.key.digest}, {"args", record.key.args},
                   {"kernel", record.key.kernel},   {"strikes", record.count},     {"quarantined", record.quarantined},
                   {"reason", record.reason}};
    add_time(object, "at", record.at, true);
    array.push_back(std::move(object));
  }
  return array;
}

Json errors_json(const std::vector<Error>& errors) {
  Json array = Json::array();
  for (const auto& error : errors) {
    array.push_back({{"file", error.where.file},
                     {"line", error.where.line},
                     {"column", error.where.column},
                     {"code", to_string(error.code)},
                     {"text", error.text}});
  }
  return array;
}

Json rules_json(const std::vector<RuleStatus>& rules, Instant now) {
  Json array = Json::array();
  for (const auto& rule : rules) {
    Json object = {
        {"rule", rule.rule}, {"use", rule.use}, {"priority", rule.priority}, {"state", to_string(rule.state)}};
    if (rule.until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*rule.until - now).count();
      object["changes_in_ms"] = std::max<std::int64_t>(0, left);
    }
    array.push_back(std::move(object));
  }
  return array;
}

Json files_json(const std::vector<PolicyFileStatus>& files) {
  Json array = Json::array();
  for (const auto& file : files) {
    Json object = {{"path", file.path}, {"layer", file.layer}, {"state", to_string(file.state)}};
    add_text(object, "hidden_by", file.hidden_by);
    add_text(object, "sha256_seen", file.sha256);
    add_text(object, "sha256_in_force", file.sha256_in_force);
    object["errors"] = errors_json(file.errors);
    object["warnings"] = errors_json(file.warnings);
    array.push_back(std::move(object));
  }
  return array;
}

Json sources_json(const std::vector<SourceStatus>& sources) {
  Json array = Json::array();
  for (const auto& source : sources) {
    array.push_back({{"name", source.name},
                     {"detail", source.detail},
                     {"delivered", source.delivered},
                     {"lost", source.lost},
                     {"wakeups", source.wakeups}});
  }
  return array;
}

Json kernel_json(const KernelStatus& kernel) {
  return {{"supported", kernel.supported},
          {"enabled", kernel.state == "enabled"},
          {"ops", kernel.ops},
          {"state", kernel.state},
          {"enable_seq", kernel.enable_seq}};
}

Json override_json(const Status& status) {
  Json object = {{"by", *status.override_by}};
  if (status.override_until) object["until"] = format_time(*status.override_until, false);
  return object;
}

}  // namespace

std::string status_json(const Status& status, Instant now) {
  Json object = {{"schema_version", "1"}, {"status", upstream_word(status)}, {"driver", "schedkit"}};
  if (status.current) object["scheduler"] = run_json(*status.current);
  object["kernel"] = kernel_json(status.kernel);
  add_text(object, "discrepancy", status.discrepancy);
  object["state"] = to_string(status.state);
  add_text(object, "foreign_owner", status.foreign_owner);
  object["rule"] = status.wanted.rule;
  object["reason"] = status.wanted.reason;
  object["wanted"] = wanted_json(status.wanted);
  object["losers"] = losers_json(status.wanted.losers);
  if (status.override_by) object["override"] = override_json(status);
  object["holds"] = holds_json(status.holds);
  if (status.candidate) object["candidate"] = run_json(*status.candidate);
  object["standbys"] = standbys_json(status.standbys);
  if (status.probation_until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*status.probation_until - now).count();
    object["probation_ends_in_ms"] = std::max<std::int64_t>(0, left);
  }
  object["strikes"] = strikes_json(status.strikes);
  if (status.last_switch) object["last_switch"] = switch_json(*status.last_switch);
  if (status.last_failure) object["last_failure"] = failure_json(*status.last_failure);
  object["rules"] = rules_json(status.rules, now);
  object["files"] = files_json(status.files);
  object["problems"] = errors_json(status.problems);
  object["sources"] = sources_json(status.sources);
  // Bytes that are not UTF-8 become U+FFFD; with ASCII output nothing can reach a terminal as it is.
  return object.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace schedkit
