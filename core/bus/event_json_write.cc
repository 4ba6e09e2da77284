// The writing half of event_json.h.
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/bus/event_json.h"
#include "core/bus/history_json.h"
#include "core/bus/time_text.h"
#include "core/policy/power_table.h"
#include "core/policy/pressure_table.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& object) { return object.dump(-1, ' ', true, Json::error_handler_t::replace); }

void add(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void add_id(Json& object, const ProcessId& id) {
  object["pid"] = id.pid;
  object["start"] = id.start_ticks;
}

// Never the environment: its values are shown to nobody.
void add_process(Json& object, const Process& process) {
  add_id(object, process.id);
  object["comm"] = process.comm;
  if (process.exe_name != process.comm) add(object, "exe-name", process.exe_name);
  add(object, "exe", process.exe);
  add(object, "cmdline", process.cmdline);
  add(object, "user", process.user);
  add(object, "cgroup", process.cgroup);
  if (!process.ancestors.empty()) object["ancestors"] = process.ancestors;
  for (const auto& [name, glob] : process.environment_globs) {
    object["env-matches"].push_back({{"name", name}, {"glob", glob}});
  }
}

Json cgroup_json(const CgroupSeen& cgroup) { return {{"path", cgroup.path}, {"populated", cgroup.populated}}; }

// Each event's own keys; `now` is on the clock of its instants.
struct EventWriter {
  Instant now;

  Json operator()(const ProcessSeen& seen) const {
    Json object = {{"event", "process"}};
    add_process(object, seen.process);
    return object;
  }
  Json operator()(const ProcessGone& gone) const {
    Json object = {{"event", "process-gone"}};
    add_id(object, gone.id);
    return object;
  }
  Json operator()(const ProcessSnapshot& all) const {
    Json object = {{"event", "processes"}, {"processes", Json::array()}};
    for (const auto& process : all.processes) add_process(object["processes"].emplace_back(Json::object()), process);
    return object;
  }
  Json operator()(const CgroupSeen& seen) const {
    Json object = {{"event", "cgroup"}};
    object.update(cgroup_json(seen));
    return object;
  }
  Json operator()(const CgroupGone& gone) const { return {{"event", "cgroup-gone"}, {"path", gone.path}}; }
  Json operator()(const CgroupSnapshot& all) const {
    Json object = {{"event", "cgroups"}, {"cgroups", Json::array()}};
    for (const auto& cgroup : all.cgroups) object["cgroups"].push_back(cgroup_json(cgroup));
    return object;
  }
  Json operator()(const ClockSet& set) const {
    return {{"event", "clock"}, {"wall", format_time(WallTime(now.time_since_epoch() + set.offset), true)}};
  }
  Json operator()(const ZoneChanged& changed) const { return {{"event", "zone"}, {"zone", changed.zone}}; }
  Json operator()(const SignalSeen& seen) const {
    Json object = {{"event", "signal"}, {"member", seen.match.member}};
    add(object, "sender", seen.match.sender);
    add(object, "path", seen.match.path);
    add(object, "interface", seen.match.interface);
    std::vector<std::string> args;
    for (const auto& [position, glob] : seen.match.args) {
      args.resize(position + 1);
      args[position] = glob;
    }
    if (!args.empty()) object["args"] = args;
    return object;
  }
  Json operator()(const PropertySeen& seen) const {
    const auto& name = seen.property;
    Json object = {{"event", "property"},         {"name", name.name},         {"path", name.path},
                   {"interface", name.interface}, {"property", name.property}, {"value", nullptr}};
    if (seen.value) std::visit([&](const auto& value) { object["value"] = value; }, *seen.value);
    return object;
  }
  Json operator()(const PowerSeen& seen) const {
    Json object = {{"event", "power"}};
    if (seen.source) object["source"] = to_string(*seen.source);
    if (seen.profile) object["profile"] = to_string(*seen.profile);
    return object;
  }
  Json operator()(const PressureSeen& seen) const {
    const auto& trigger = seen.trigger;
    return {{"event", "pressure"},
            {"resource", to_string(trigger.resource)},
            {trigger.full ? "full" : "some",
             fmt::format("{}%", (trigger.stall * 100 + trigger.window / 2) / trigger.window)},
            {"window", format_duration(trigger.window)}};
  }
};

Json event_json(const Event& event, Instant now) { return std::visit(EventWriter{now}, event); }

Json run_json(const SimulatedRun& run) {
  Json object = {{"scheduler", run.scheduler}};
  add(object, "mode", run.mode);
  if (run.args) object["args"] = *run.args;
  if (run.until) object["until"] = to_text(*run.until);
  return object;
}

Json hold_json(const SimulatedHold& hold) {
  Json object = {{"name", hold.name}, {"scheduler", hold.scheduler}};
  add(object, "mode", hold.mode);
  if (hold.args) object["args"] = *hold.args;
  return object;
}

struct ActionWriter {
  Instant now;

  Json operator()(SimulatedWait wait) const {
    if (wait.lost == 0) return {{"event", "wait"}};
    return {{"event", "dropped"}, {"lost", wait.lost}};
  }
  Json operator()(const Event& event) const { return event_json(event, now); }
  Json operator()(const SimulatedRun& run) const {
    Json object = {{"event", "run"}};
    object.update(run_json(run));
    return object;
  }
  Json operator()(SimulatedAuto) const { return {{"event", "auto"}}; }
  Json operator()(const SimulatedHold& hold) const {
    Json object = {{"event", "hold"}};
    object.update(hold_json(hold));
    return object;
  }
  Json operator()(const SimulatedRelease& release) const { return {{"event", "release"}, {"name", release.name}}; }
  Json operator()(const SimulatedReload& reload) const {
    Json object = {{"event", "reload"}};
    if (!reload.policies.empty()) object["policies"] = reload.policies;
    object["events"] = Json::array();
    for (const auto& event : reload.events) object["events"].push_back(event_json(event, now));
    return object;
  }
  Json operator()(const SimulatedSnapshot& snapshot) const {
    Json object = {{"event", "snapshot"}, {"events", Json::array()}, {"rules", Json::array()}};
    for (const auto& [event, ago] : snapshot.engine.events) {
      auto& part = object["events"].emplace_back(event_json(event, now));
      if (ago > Duration::zero()) part["ago"] = seconds(ago);
    }
    for (const auto& rule : snapshot.engine.rules) {
      auto& part = object["rules"].emplace_back(
          Json{{"rule", rule.rule}, {"state", to_string(rule.state)}, {"since", seconds(rule.since)}});
      if (rule.ends_in > Duration::zero()) part["ends-in"] = seconds(rule.ends_in);
    }
    for (const auto& hold : snapshot.holds) object["holds"].push_back(hold_json(hold));
    if (snapshot.present) {
      auto& part = object["present"].emplace_back(run_json(snapshot.present->choice));
      part["cause"] = to_string(snapshot.present->cause);
      add(part, "rule", snapshot.present->rule);
      add(part, "reason", snapshot.present->reason);
    }
    if (snapshot.command) object["override"].push_back(run_json(*snapshot.command));
    if (snapshot.engine.dwell > Duration::zero()) object["dwell"] = seconds(snapshot.engine.dwell);
    return object;
  }
};

Json decision_object(const Decision& decision) {
  Json object = {{"scheduler", decision.choice.name()}, {"mode", decision.choice.mode}, {"args", decision.choice.args},
                 {"cause", to_string(decision.cause)},  {"rule", decision.rule},        {"reason", decision.reason}};
  object["losers"] = Json::array();
  for (const auto& loser : decision.losers) {
    object["losers"].push_back({{"rule", loser.rule}, {"reason", loser.reason}});
  }
  return object;
}

}  // namespace

std::string action_json(const SimulatedAction& action, Instant now) {
  return dump(std::visit(ActionWriter{now}, action));
}

std::string decision_json(const Decision& decision) {
  Json object = {{"event", "decision"}};
  object.update(decision_object(decision));
  return dump(object);
}

std::string happened_json(const HistoryEntry& entry) {
  Json object = {{"event", "scheduler"}, {"what", to_string(entry.event)}};
  const Json details = Json::parse(history_line(entry), nullptr, false);
  for (const auto& [key, value] : details.items()) {
    if (key != "at" && key != "event") object[key] = value;
  }
  return dump(object);
}

std::string script_line(Duration at, std::string_view object) {
  constexpr auto second = std::chrono::nanoseconds(std::chrono::seconds(1));
  return fmt::format("{{\"at\":{}.{:09},{}\n", at / second, (at % second).count(), object.substr(1));
}

std::string outcome_json(const SimulationOutcome& outcome) {
  Json object = {{"at", seconds(outcome.at)}};
  object.update(decision_object(outcome.decision));
  return dump(object) + "\n";
}

}  // namespace schedkit
