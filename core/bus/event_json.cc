#include "core/bus/event_json.h"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.h"
#include "core/bus/script_fields.h"
#include "core/bus/time_text.h"
#include "core/policy/condition_text.h"
#include "core/policy/power_table.h"
#include "core/policy/pressure_table.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

using Fields = ScriptFields;

ProcessId read_id(Fields& fields) {
  ProcessId id;
  const auto pid = fields.number("pid", 0, true);
  if (pid == 0 || pid > 4'194'304) fields.refuse("pid must be from 1 to 4194304");
  id.pid = static_cast<std::int32_t>(pid);
  id.start_ticks = fields.number("start", 1);
  return id;
}

Process read_process(Fields& fields) {
  Process process;
  process.id = read_id(fields);
  process.comm = fields.text("comm", true);
  process.exe = fields.text("exe");
  process.exe_name = fields.text("exe-name");
  if (process.exe_name.empty()) {
    process.exe_name = process.exe.empty() ? process.comm : std::string(base_name(process.exe));
  }
  process.comm = process.comm.substr(0, 15);
  process.cmdline = fields.text("cmdline");
  process.user = fields.text("user");
  process.cgroup = fields.text("cgroup");
  process.ancestors = fields.texts("ancestors");
  if (const Json* env = fields.find("env", false)) {
    if (!env->is_object()) fields.refuse("env must be an object");
    for (const auto& [name, value] : env->items()) {
      if (!value.is_string()) fields.refuse("env must hold strings");
      if (value.is_string()) process.environment.emplace_back(name, value.get<std::string>());
    }
  }
  fields.each("env-matches", [&](Fields& match) {
    process.environment_globs.emplace_back(match.text("name", true), match.text("glob", true));
  });
  return process;
}

Event read_processes(Fields& fields) {
  ProcessSnapshot all;
  fields.each("processes", [&](Fields& process) { all.processes.push_back(read_process(process)); });
  return all;
}

CgroupSeen read_cgroup(Fields& fields) { return {fields.text("path", true), fields.flag("populated", true)}; }

Event read_cgroups(Fields& fields) {
  CgroupSnapshot all;
  fields.each("cgroups", [&](Fields& cgroup) { all.cgroups.push_back(read_cgroup(cgroup)); });
  return all;
}

SignalMatch read_signal(Fields& fields) {
  SignalMatch signal;
  signal.sender = fields.text("sender");
  signal.path = fields.text("path");
  signal.interface = fields.text("interface");
  signal.member = fields.text("member", true);
  unsigned position = 0;
  for (auto& arg : fields.texts("args")) signal.args[position++] = std::move(arg);
  return signal;
}

PropertySeen read_property(Fields& fields) {
  PropertySeen seen;
  seen.property = {BusKind::system, fields.text("name", true), fields.text("path", true),
                   fields.text("interface", true), fields.text("property", true)};
  const Json* value = fields.find("value", true);
  if (value == nullptr || value->is_null()) return seen;
  if (value->is_boolean()) {
    seen.value = value->get<bool>();
  } else if (value->is_string()) {
    seen.value = value->get<std::string>();
  } else if (value->is_number_integer()) {
    seen.value = value->get<std::int64_t>();
  } else if (value->is_number()) {
    seen.value = value->get<double>();
  } else {
    fields.refuse("value must be a string, a number, true, false or null");
  }
  return seen;
}

PressureSeen read_pressure(Fields& fields) {
  PressureCondition trigger;
  trigger.resource = fields.word("resource", {PressureResource::cpu, PressureResource::memory, PressureResource::io})
                         .value_or(PressureResource::cpu);
  const auto some = fields.text("some");
  const auto full = fields.text("full");
  trigger.full = !full.empty();
  trigger.window = fields.duration("window", trigger.window);
  const std::string_view share = trigger.full ? full : some;
  const auto percent = parse_unsigned(share.substr(0, share.size() - (share.empty() ? 0 : 1)));
  if (!share.ends_with('%') || !percent) {
    fields.refuse("pressure needs some or full, as \"40%\"");
  } else {
    trigger.stall = trigger.window * static_cast<int>(*percent) / 100;
  }
  return {trigger};
}

SimulatedRun read_run(Fields& fields) {
  SimulatedRun run;
  run.scheduler = fields.text("scheduler", true);
  run.mode = fields.text("mode");
  if (fields.find("args", false) != nullptr) run.args = fields.texts("args");
  if (const auto text = fields.text("until"); !text.empty()) {
    const auto until = parse_lifetime(text);
    if (until) run.until = *until;
    if (!until) fields.refuse("until: " + until.error().text);
  }
  return run;
}

Event read_clock(Fields& fields) {
  const auto wall = parse_time(fields.text("wall", true));
  if (!wall) fields.refuse("wall must be a time in UTC such as \"2026-03-28T22:00:00Z\"");
  const Instant now = simulation_beginning + fields.at();
  return ClockSet{wall.value_or(WallTime{}).time_since_epoch() - now.time_since_epoch()};
}

using ReadEvent = std::function<Event(Fields&)>;

// What trigger sources tell, by the object's `event`.
const std::map<std::string, ReadEvent, std::less<>>& event_readers() {
  static const std::map<std::string, ReadEvent, std::less<>> all{
      {"process", [](Fields& f) { return Event(ProcessSeen{read_process(f)}); }},
      {"process-gone", [](Fields& f) { return Event(ProcessGone{read_id(f)}); }},
      {"processes", read_processes},
      {"cgroup", [](Fields& f) { return Event(read_cgroup(f)); }},
      {"cgroup-gone", [](Fields& f) { return Event(CgroupGone{f.text("path", true)}); }},
      {"cgroups", read_cgroups},
      {"clock", read_clock},
      {"zone", [](Fields& f) { return Event(ZoneChanged{f.text("zone", true)}); }},
      {"signal", [](Fields& f) { return Event(SignalSeen{read_signal(f)}); }},
      {"property", [](Fields& f) { return Event(read_property(f)); }},
      {"power",
       [](Fields& f) {
         return Event(PowerSeen{
             f.word("source", {PowerSource::ac, PowerSource::battery}),
             f.word("profile", {PowerProfile::performance, PowerProfile::balanced, PowerProfile::power_saver})});
       }},
      {"pressure", [](Fields& f) { return Event(read_pressure(f)); }},
  };
  return all;
}

// One of the events that belong together.
std::optional<Event> read_part(Fields& fields) {
  const auto name = fields.text("event", true);
  const auto reader = event_readers().find(name);
  if (reader != event_readers().end()) return reader->second(fields);
  fields.refuse(fmt::format("event is {}, which cannot be part of another one", quote(name, 64)));
  return std::nullopt;
}

SimulatedHold read_hold(Fields& fields) {
  SimulatedHold hold{fields.text("name", true), fields.text("scheduler", true), fields.text("mode"), {}};
  if (fields.find("args", false) != nullptr) hold.args = fields.texts("args");
  return hold;
}

SimulatedReload read_reload(Fields& fields) {
  SimulatedReload reload{fields.texts("policies"), {}};
  fields.each("events", [&](Fields& part) {
    if (auto event = read_part(part)) reload.events.push_back(std::move(*event));
  });
  return reload;
}

RuleSnapshot read_rule(Fields& fields) {
  RuleSnapshot rule;
  rule.rule = fields.text("rule", true);
  const auto state = fields.word("state", {RuleState::pending, RuleState::active, RuleState::lingering});
  if (!state) fields.refuse("state is missing");
  rule.state = state.value_or(RuleState::active);
  rule.since = fields.duration("since", Duration(0));
  rule.ends_in = fields.duration("ends-in", Duration(0));
  return rule;
}

SimulatedPresent read_present(Fields& fields) {
  SimulatedPresent present{read_run(fields), {}, fields.text("rule"), fields.text("reason")};
  const auto cause = fields.word("cause", {Cause::rule, Cause::default_choice, Cause::hold, Cause::override_choice});
  if (!cause) fields.refuse("cause is missing");
  present.cause = cause.value_or(Cause::default_choice);
  return present;
}

SimulatedSnapshot read_snapshot(Fields& fields) {
  SimulatedSnapshot snapshot;
  fields.each("events", [&](Fields& part) {
    const auto ago = part.duration("ago", Duration(0));
    if (auto event = read_part(part)) snapshot.engine.events.push_back({std::move(*event), ago});
  });
  fields.each("rules", [&](Fields& rule) { snapshot.engine.rules.push_back(read_rule(rule)); });
  fields.each("holds", [&](Fields& hold) { snapshot.holds.push_back(read_hold(hold)); });
  fields.each("present", [&](Fields& present) { snapshot.present = read_present(present); });
  fields.each("override", [&](Fields& run) { snapshot.command = read_run(run); });
  snapshot.engine.dwell = fields.duration("dwell", Duration(0));
  return snapshot;
}

// What `schedctl watch` tells for people and other programs. Time passes.
SimulatedWait read_note(Fields& fields) {
  fields.take_all();
  return {fields.number("lost", 0)};
}

using Read = std::function<SimulatedAction(Fields&)>;

// Everything else, by the line's `event`.
const std::map<std::string, Read, std::less<>>& readers() {
  static const std::map<std::string, Read, std::less<>> all{
      {"wait", [](Fields&) { return SimulatedWait{}; }},
      {"decision", read_note},
      {"scheduler", read_note},
      {"dropped", read_note},
      {"reload", read_reload},
      {"snapshot", read_snapshot},
      {"run", read_run},
      {"stop", [](Fields&) { return SimulatedRun{.scheduler = "kernel", .mode = {}, .args = {}, .until = {}}; }},
      {"auto", [](Fields&) { return SimulatedAuto{}; }},
      {"hold", read_hold},
      {"release", [](Fields& f) { return SimulatedRelease{f.text("name", true)}; }},
  };
  return all;
}

Result<SimulationStep> parse_line(std::string_view line) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) return fail(Errc::invalid, "this line is no JSON object");
  SimulationStep step;
  step.at = Fields(object, {}).duration("at", Duration::zero());
  Fields fields(object, step.at);
  (void)fields.duration("at", Duration::zero());
  const auto event = fields.text("event", true);
  const auto told = event_readers().find(event);
  const auto other = readers().find(event);
  if (told != event_readers().end()) {
    step.action = told->second(fields);
  } else if (other != readers().end()) {
    step.action = other->second(fields);
  } else {
    std::set<std::string> names;
    for (const auto& [name, read] : event_readers()) names.insert(name);
    for (const auto& [name, read] : readers()) names.insert(name);
    return fail(Errc::invalid, "event is {}; it must be one of: {}", quote(event, 64), fmt::join(names, ", "));
  }
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  return step;
}

}  // namespace

Result<std::vector<SimulationStep>> parse_event_script(std::string_view text, const std::string& file) {
  std::vector<SimulationStep> steps;
  std::uint32_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    if (trim(line).empty() || trim(line).starts_with('#')) continue;
    auto step = parse_line(line);
    if (step && !steps.empty() && step->at < steps.back().at) {
      step = fail(Errc::invalid, "at is earlier than in the line before; sort the lines by time");
    }
    if (!step) {
      step.error().where = {file, number, 1};
      return fail(std::move(step.error()));
    }
    step->where = {file, number, 1};
    steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace schedkit
