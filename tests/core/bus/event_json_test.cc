#include "core/bus/event_json.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(EventScript){
    static void refused(const char* text, const char* expected){const auto steps = parse_event_script(text, "s");
CHECK_FALSE_TEXT(steps.has_value(), text);
STRCMP_EQUAL(expected, steps.error().describe().c_str());
}
}
;

TEST(EventScript, lines_become_steps) {
  const auto steps = parse_event_script(
      "# a comment\n\n"
      R"({"at": "1s", "event": "process", "pid": 7, "comm": "a", "exe": "/usr/bin/long", "env": {"A": "b"}})"
      "\n"
      R"({"at": 1.5, "event": "power", "source": "ac"})"
      "\n",
      "s");
  CHECK_TRUE(steps.has_value());
  LONGS_EQUAL(2, steps->size());
  CHECK_TRUE((*steps)[0].at == 1s);
  CHECK_TRUE((*steps)[1].at == 1500ms);
  LONGS_EQUAL(3, (*steps)[0].where.line);
  const auto& process = std::get<ProcessSeen>(std::get<Event>((*steps)[0].action)).process;
  LONGS_EQUAL(7, process.id.pid);
  STRCMP_EQUAL("long", process.exe_name.c_str());
  STRCMP_EQUAL("b", process.environment.at(0).second.c_str());
  const auto& power = std::get<PowerSeen>(std::get<Event>((*steps)[1].action));
  CHECK_TRUE(power.source == PowerSource::ac);
  CHECK_FALSE(power.profile.has_value());
}

TEST(EventScript, what_is_wrong_is_named_with_its_line) {
  refused("{", "s:1:1: this line is no JSON object");
  refused("\n[]", "s:2:1: this line is no JSON object");
  refused("{\"event\": \"wait\", \"x\": 1}", "s:1:1: unknown key \"x\"");
  refused("{\"event\": \"wait\", \"at\": -1}", "s:1:1: at must be a duration such as \"1m30s\", or seconds");
  refused("{\"event\": \"process\", \"pid\": 0, \"comm\": \"a\"}", "s:1:1: pid must be from 1 to 4194304");
  refused("{\"event\": \"process\", \"pid\": 1}", "s:1:1: comm is missing");
  refused("{\"event\": \"process\", \"pid\": 1, \"comm\": 1}", "s:1:1: comm must be a string");
  refused("{\"event\": \"power\", \"source\": \"mains\"}",
          "s:1:1: source is \"mains\"; it must be one of: ac, battery");
  refused("{\"event\": \"clock\", \"wall\": \"noon\"}",
          "s:1:1: wall must be a time in UTC such as \"2026-03-28T22:00:00Z\"");
  refused("{\"event\": \"pressure\", \"resource\": \"io\"}", "s:1:1: pressure needs some or full, as \"40%\"");
  refused("{\"event\": \"process\", \"pid\": 1, \"comm\": \"a\", \"env\": [1]}", "s:1:1: env must be an object");
  refused("{\"event\": \"process\", \"pid\": 1, \"comm\": \"a\", \"ancestors\": \"b\"}",
          "s:1:1: ancestors must be a list of strings");
  refused("{\"event\": \"wait\", \"at\": 2}\n{\"event\": \"wait\", \"at\": 1}",
          "s:2:1: at is earlier than in the line before; sort the lines by time");
}

// What is written is read again as the same: by writing it once more.
TEST(EventScript, written_actions_are_read_as_they_were) {
  Process process;
  process.id = {7, 99};
  process.comm = "main";
  process.exe_name = "long-program-name";
  process.cmdline = "a \xff\x01 b";
  process.user = "anna";
  process.cgroup = "/a.slice";
  process.ancestors = {"bash", "init"};
  process.environment = {{"TOKEN", "secret"}};
  process.environment_globs = {{"TOKEN", "s*"}};
  const SignalMatch signal{BusKind::system, "org.a", "/a", "org.a.B", "C", {{2, "x*"}}};
  const PropertyName name{BusKind::system, "org.a", "/a", "org.a.B", "P"};
  const PressureCondition pressure{PressureResource::memory, true, 700ms, 2s};
  const SimulatedRun run{"lavd", "fast", std::vector<std::string>{"-a"}, Lifetime{Lifetime::Kind::limited, 90s}};
  const SimulatedHold hold{"1", "lavd", "fast", std::vector<std::string>{}};
  const std::vector<Event> events{ProcessSeen{process},
                                  ProcessGone{{7, 99}},
                                  ProcessSnapshot{{process}},
                                  ProcessSnapshot{},
                                  CgroupSeen{"/a", false},
                                  CgroupGone{"/a"},
                                  CgroupSnapshot{{{"/a", true}}},
                                  ClockSet{Duration(1'700'000'000'000'000'000)},
                                  ZoneChanged{"Europe/Berlin"},
                                  SignalSeen{signal},
                                  PropertySeen{name, PropertyValue(true)},
                                  PropertySeen{name, PropertyValue(std::int64_t{-3})},
                                  PropertySeen{name, PropertyValue(1.5)},
                                  PropertySeen{name, PropertyValue(std::string("on"))},
                                  PropertySeen{name, std::nullopt},
                                  PowerSeen{PowerSource::battery, PowerProfile::power_saver},
                                  PowerSeen{},
                                  PressureSeen{pressure}};
  std::vector<SimulatedAction> actions(events.begin(), events.end());
  for (const auto& action :
       {SimulatedAction(SimulatedWait{}), SimulatedAction(run), SimulatedAction(SimulatedAuto()), SimulatedAction(hold),
        SimulatedAction(SimulatedRelease{"1"}), SimulatedAction(SimulatedReload{{"a.toml"}, events})}) {
    actions.push_back(action);
  }
  SimulatedSnapshot snapshot;
  for (const auto& event : events) snapshot.engine.events.push_back({event, 1500ms});
  snapshot.engine.rules = {{"f/r", RuleState::pending, 1s, 2s}, {"f/s", RuleState::active, 1s, 0s}};
  snapshot.engine.dwell = 1s;
  snapshot.present = SimulatedPresent{{"lavd", "", std::nullopt, std::nullopt}, Cause::rule, "f/r", "because"};
  snapshot.command = run;
  snapshot.holds = {hold};
  actions.emplace_back(snapshot);
  const Duration at = 1234567890ns;
  for (const auto& action : actions) {
    const auto line = script_line(at, action_json(action, simulation_beginning + at));
    CHECK_TRUE(line.find("secret") == std::string::npos);
    const auto steps = parse_event_script(line, "s");
    CHECK_TEXT(steps.has_value(), (line + (steps ? "" : steps.error().describe())).c_str());
    LONGS_EQUAL(1, steps->size());
    CHECK_TRUE(steps->front().at == at);
    LONGS_EQUAL(action.index(), steps->front().action.index());
    STRCMP_EQUAL(line.c_str(), script_line(at, action_json(steps->front().action, simulation_beginning + at)).c_str());
  }
}

TEST(EventScript, what_was_decided_and_done_is_passed_over) {
  const Decision decision{{}, Cause::rule, "f/r", "rule f/r holds", {{"f/s", "lost"}}};
  const auto text = script_line(1s, decision_json(decision)) +
                    script_line(2s, happened_json({.event = HistoryEvent::switched, .from = "kernel", .to = "a"})) +
                    script_line(3s, action_json(SimulatedWait{5}, {}));
  const auto steps = parse_event_script(text, "s");
  CHECK_TRUE(steps.has_value());
  LONGS_EQUAL(3, steps->size());
  LONGS_EQUAL(5, std::get<SimulatedWait>(steps->at(2).action).lost);
}

TEST(EventScript, parts_of_an_event_are_checked_like_lines) {
  refused(R"({"event": "snapshot", "events": [{"event": "wait"}]})",
          "s:1:1: events[0]: event is \"wait\", which cannot be part of another one");
  refused(R"({"event": "reload", "events": [{"event": "zone"}]})", "s:1:1: events[0]: zone is missing");
  refused(R"({"event": "processes", "processes": [{"pid": 1, "comm": "a", "x": 1}]})",
          "s:1:1: processes[0]: unknown key \"x\"");
  refused(R"({"event": "snapshot", "rules": [{"rule": "f/r"}]})", "s:1:1: rules[0]: state is missing");
  refused(R"({"event": "cgroups", "cgroups": 1})", "s:1:1: cgroups must be a list of objects");
}
