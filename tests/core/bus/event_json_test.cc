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
