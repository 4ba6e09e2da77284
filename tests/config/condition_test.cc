// Every kind of condition as files write it, and what is refused, with its place and remedy.
#include "config/contradiction.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

namespace {

ParsedText parse_when(const std::string& when) {
  return parse(fmt::format("[[rules]]\nname = \"a\"\nuse = \"kernel\"\n{}\n", when));
}

template <class Kind>
Kind read(const std::string& when) {
  const auto parsed = parse_when(when);
  check_lines("", parsed.errors);
  check_lines("", parsed.warnings);
  CHECK_EQUAL(1, parsed.text.rules.at(0).rule.when.size());
  return std::get<Kind>(parsed.text.rules[0].rule.when[0].at(0));
}

void refused(const std::string& when, const std::string& lines) { check_lines(lines, parse_when(when).errors); }

// In one line `when.KIND = { … }`, whose columns count from 1.
void refused_at(int column, const std::string& when, const std::string& text) {
  refused(when, fmt::format("x.toml:4:{}: {}\n", column, text));
}

const std::string signal = "when.dbus-signal = { member = \"Began\", ";
const std::string property =
    "when.dbus-property = { name = \"org.x.Y\", path = \"/x\", interface = \"org.x.Y\", property = \"P\", ";

}  // namespace

TEST_GROUP(ConditionText){};

TEST(ConditionText, cgroup) {
  CHECK((read<CgroupCondition>("when.cgroup = { path = \"/a/*\" }") == CgroupCondition{{"/a/*"}, false}));
  CHECK((read<CgroupCondition>("when.cgroup = { path = [\"/a/**\", \"/\"], state = \"exists\" }") ==
         CgroupCondition{{"/a/**", "/"}, true}));
}

TEST(ConditionText, bad_cgroups) {
  refused_at(24, "when.cgroup = { path = \"a/b\" }",
             "path \"a/b\" must begin with \"/\", the root of the unified hierarchy");
  refused_at(24, "when.cgroup = { path = \"/a/../b\" }",
             "path \"/a/../b\" holds \".\" or \"..\"; write it from the root");
  refused_at(24, "when.cgroup = { path = \"/a/\" }",
             "path \"/a/\" has an empty segment; write single slashes and none at the end");
  refused_at(37, "when.cgroup = { path = \"/\", state = \"full\" }",
             "state is \"full\"; it must be one of: populated, exists");
  refused_at(15, "when.cgroup = {}", "cgroup in when of rule \"a\" is empty; name path or another key");
  refused_at(
      15, "when.cgroup = { state = \"exists\" }",
      "cgroup in when of rule \"a\" needs path: path in the unified hierarchy; `*` stays within a segment, `**` is any "
      "number of them");
  refused_at(24, "when.cgroup = { path = 1 }", "path must be a string or a list of strings, not an integer");
}

TEST(ConditionText, time) {
  CHECK(
      (read<TimeCondition>("when.time = { start = \"22:30\", end = \"06:00\" }") == TimeCondition{22 * 60 + 30, 360}));
  CHECK((read<TimeCondition>("when.time = { end = \"24:00\", days = \"Mon\" }") == TimeCondition{0, 1440, 1, {}}));
  CHECK((read<TimeCondition>("when.time = { days = [\"Sat\", \"Sun\"], timezone = \"Europe/Berlin\" }") ==
         TimeCondition{0, 1440, 0b1100000, "Europe/Berlin"}));
}

TEST(ConditionText, bad_times) {
  const auto range = [](const char* key, const char* text, const char* latest) {
    return fmt::format("{} is \"{}\"; it must be a time from \"00:00\" to \"{}\" with two digits each", key, text,
                       latest);
  };
  for (const auto* wrong : {"24:00", "25:00", "12:60", "9:00", "09.00", "", "1200", "ab:cd", "-1:00", "12:000"}) {
    refused_at(23, fmt::format("when.time = {{ start = \"{}\" }}", wrong), range("start", wrong, "23:59"));
  }
  refused_at(21, "when.time = { end = \"24:01\" }", range("end", "24:01", "24:00"));
  refused_at(23, "when.time = { start = 9 }", "start must be a time of day in quotes, as \"22:30\", not an integer");
  refused_at(23, "when.time = { start = 09:00:00 }",
             "start must be a time of day in quotes, as \"22:30\", not a date or time");
  refused_at(38, "when.time = { start = \"09:00\", end = \"09:00\" }",
             "start and end are the same time; leave both out for whole days");
  refused_at(22, "when.time = { days = [\"Mon\", \"monday\"] }",
             "days holds \"monday\"; it must be of: Mon, Tue, Wed, Thu, Fri, Sat, Sun");
  refused_at(22, "when.time = { days = [] }", "days is empty; name a pattern or leave the key out");
  refused_at(
      26, "when.time = { timezone = \"Mars/Olympus\" }",
      "timezone: \"Mars/Olympus\" is not a time zone that this machine knows; `timedatectl list-timezones` lists them");
  refused_at(26, "when.time = { timezone = \"\" }", "timezone is empty; leave it out for the machine's zone");
}

TEST(ConditionText, dbus_signal) {
  const auto whole = read<SignalCondition>(
      "when.dbus-signal = { bus = \"system\", sender = \"org.x.Y-z\", path = \"/x/y\", interface = \"org.x.Y\", member "
      "= "
      "\"Began\", args = { 0 = \"idle*\", 12 = \"x\" }, for = \"10m\" }");
  STRCMP_EQUAL("org.x.Y-z", whole.signal.sender.c_str());
  STRCMP_EQUAL("/x/y", whole.signal.path.c_str());
  STRCMP_EQUAL("org.x.Y", whole.signal.interface.c_str());
  STRCMP_EQUAL("Began", whole.signal.member.c_str());
  STRCMP_EQUAL("idle*", whole.signal.args.at(0).c_str());
  STRCMP_EQUAL("x", whole.signal.args.at(12).c_str());
  CHECK(whole.lasts == 10min);
  CHECK_FALSE(whole.until.has_value());
  const auto until = read<SignalCondition>(signal + "until = { member = \"Ended\", sender = \"org.x.Y\" } }");
  STRCMP_EQUAL("Ended", until.until->member.c_str());
  CHECK_FALSE(until.lasts.has_value());
}

TEST(ConditionText, bad_signals) {
  constexpr int first = 40;  // column of what follows `signal`
  refused_at(20, "when.dbus-signal = { member = \"Began\" }",
             "dbus-signal in when of rule \"a\" needs for or until: how long the signal counts, as for = \"10m\"");
  refused_at(first + 6, signal + "for = \"0s\" }", "for must be longer than zero");
  refused_at(first + 6, signal + "for = 10 }", "for must be a duration in quotes, as \"10s\", not an integer");
  refused_at(first + 8, signal + "until = { member = \"Began\" } }",
             "until is the same signal; it would begin and end at once");
  for (const auto* wrong : {":1.42", "org", "org..x", ".org.x", "org.1x", "org.x/y", ""}) {
    refused_at(
        first + 9, fmt::format("{}sender = \"{}\", for = \"1s\" }}", signal, wrong),
        fmt::format("sender is \"{}\"; it must be a well-known bus name such as \"org.freedesktop.UPower\" (names like "
                    "\":1.42\" change with every start)",
                    wrong));
  }
  for (const auto* wrong : {"x", "/x/", "//x", "/x-y", ""}) {
    refused_at(first + 7, fmt::format("{}path = \"{}\", for = \"1s\" }}", signal, wrong),
               fmt::format("path is \"{}\"; it must be an object path such as \"/org/freedesktop/UPower\"", wrong));
  }
  refused_at(first + 12, signal + "interface = \"org.x-y.Z\", for = \"1s\" }",
             "interface is \"org.x-y.Z\"; it must be an interface such as \"org.freedesktop.UPower.Device\"");
  refused_at(31, "when.dbus-signal = { member = \"a.b\", for = \"1s\" }",
             "member is \"a.b\"; it must be one word of letters, digits and \"_\"");
  for (const auto* wrong : {"64", "-1", "x", "01"}) {
    refused_at(first + 7, fmt::format("{}args = {{ {} = \"x\" }}, for = \"1s\" }}", signal, wrong),
               fmt::format("args holds \"{}\"; arguments are named by position, from 0 to 63", wrong));
  }
  refused_at(first + 13, signal + "args = { 0 = 1 }, for = \"1s\" }",
             "args must be a table of strings, as { NAME = \"value\" }, not an integer");
  refused_at(first + 6, signal + "bus = \"session\", for = \"1s\" }", "bus is \"session\"; it must be one of: system");
}

TEST(ConditionText, dbus_property) {
  const auto one = read<PropertyCondition>(property + "equals = true }");
  STRCMP_EQUAL("org.x.Y", one.property.name.c_str());
  STRCMP_EQUAL("/x", one.property.path.c_str());
  STRCMP_EQUAL("P", one.property.property.c_str());
  CHECK(one.values == std::vector<PropertyValue>{true});
  CHECK((read<PropertyCondition>(property + "in = [\"a\", 1, 1.5, false] }").values ==
         std::vector<PropertyValue>{std::string("a"), std::int64_t{1}, 1.5, false}));
}

TEST(ConditionText, bad_properties) {
  const int first = static_cast<int>(property.size()) + 1;
  refused_at(22, property + "bus = \"system\" }",
             "dbus-property in when of rule \"a\" needs one of equals and in, as equals = true");
  refused_at(first + 12, property + "equals = 1, in = [1] }",
             "dbus-property in when of rule \"a\" needs one of equals and in, as equals = true");
  refused_at(first + 9, property + "equals = [1] }", "equals must be a string, a number, true or false, not a list");
  refused_at(first + 9, property + "equals = 2026-01-01 }",
             "equals must be a string, a number, true or false, not a date or time");
  refused_at(first + 9, property + "equals = nan }", "equals is not a finite number");
  refused_at(first + 5, property + "in = 1 }", "in must be a list of strings, numbers or booleans, not an integer");
  refused_at(first + 5, property + "in = [] }", "in is empty; list values");
  refused_at(
      31, "when.dbus-property = { name = \"x\", path = \"/x\", interface = \"org.x.Y\", property = \"P\", equals = 1 }",
      "name is \"x\"; it must be a well-known bus name such as \"org.freedesktop.UPower\" (names like \":1.42\" change "
      "with every start)");
}

TEST(ConditionText, power) {
  CHECK((read<PowerCondition>("when.power = { source = \"battery\" }") == PowerCondition{{PowerSource::battery}, {}}));
  CHECK((read<PowerCondition>(
             "when.power = { source = [\"ac\"], profile = [\"power-saver\", \"balanced\", \"performance\"] }") ==
         PowerCondition{{PowerSource::ac},
                        {PowerProfile::power_saver, PowerProfile::balanced, PowerProfile::performance}}));
  refused_at(25, "when.power = { source = \"mains\" }", "source holds \"mains\"; it must be of: ac, battery");
  refused_at(26, "when.power = { profile = \"powersave\" }",
             "profile holds \"powersave\"; it must be of: performance, balanced, power-saver");
  refused_at(14, "when.power = {}", "power in when of rule \"a\" is empty; name source or another key");
}

TEST(ConditionText, pressure) {
  CHECK((read<PressureCondition>("when.pressure = { resource = \"cpu\", some = \"40%\" }") ==
         PressureCondition{PressureResource::cpu, false, 800ms, 2s}));
  CHECK((read<PressureCondition>("when.pressure = { resource = \"io\", full = \"100%\", window = \"500ms\" }") ==
         PressureCondition{PressureResource::io, true, 500ms, 500ms}));
}

TEST(ConditionText, bad_pressures) {
  for (const auto* wrong : {"0%", "101%", "40", "%", "", "4.5%", "-1%"}) {
    refused_at(44, fmt::format("when.pressure = {{ resource = \"cpu\", some = \"{}\" }}", wrong),
               fmt::format("some is \"{}\"; it must be from \"1%\" to \"100%\"", wrong));
  }
  refused_at(44, "when.pressure = { resource = \"cpu\", full = \"9%\" }",
             "full does not exist for cpu: some task always runs; use some");
  refused_at(17, "when.pressure = { resource = \"io\" }",
             "pressure in when of rule \"a\" needs one of some and full, as some = \"40%\"");
  refused_at(56, "when.pressure = { resource = \"io\", some = \"9%\", full = \"9%\" }",
             "pressure in when of rule \"a\" needs one of some and full, as some = \"40%\"");
  refused_at(58, "when.pressure = { resource = \"io\", some = \"9%\", window = \"11s\" }",
             "window is 11s; the kernel takes from 500ms to 10s");
  refused_at(30, "when.pressure = { resource = \"gpu\", some = \"9%\" }",
             "resource is \"gpu\"; it must be one of: cpu, memory, io");
}

TEST(ConditionText, each_kind_may_be_a_list_that_must_hold_together) {
  const auto parsed = parse_when(
      "when = { power = { source = \"ac\" }, time = [{ start = \"08:00\" }, { days = \"Mon\" }], process = { comm = "
      "\"x\" } }");
  check_lines("", parsed.errors);
  LONGS_EQUAL(4, parsed.text.rules[0].rule.when.at(0).size());
  refused_at(13, "when.time = []", "time in when of rule \"a\" is an empty list");
  refused_at(
      6, "when.weather = {}",
      "unknown key \"weather\" in when of rule \"a\"; known: process, cgroup, time, dbus-signal, dbus-property, power, "
      "pressure");
}

TEST(ConditionText, conditions_that_exclude_each_other) {
  const TimeCondition morning{.start = 360, .end = 720};
  const TimeCondition evening{.start = 1080, .end = 1320};
  const TimeCondition night{.start = 1320, .end = 420};
  CHECK(is_contradiction({morning, evening}));
  CHECK_FALSE(is_contradiction({morning, night}));
  CHECK(is_contradiction({night, TimeCondition{.start = 0, .end = 420, .days = 1}, evening}));
  CHECK_FALSE(is_contradiction({morning, TimeCondition{.start = 1080, .end = 1320, .zone = "Asia/Tokyo"}}));
  // Sunday night reaches into Monday.
  CHECK_FALSE(is_contradiction({TimeCondition{1320, 420, 1 << 6, {}}, TimeCondition{0, 1440, 1, {}}}));
  CHECK(is_contradiction({PowerCondition{{PowerSource::ac}, {}}, PowerCondition{{PowerSource::battery}, {}}}));
  CHECK_FALSE(is_contradiction({PowerCondition{{PowerSource::ac}, {}}, PowerCondition{{}, {PowerProfile::balanced}}}));
  const PropertyName name{.name = "org.x.Y"};
  CHECK(is_contradiction({PropertyCondition{name, {true}}, PropertyCondition{name, {false}}}));
  CHECK_FALSE(is_contradiction({PropertyCondition{name, {true}}, PropertyCondition{{.name = "org.z"}, {false}}}));
  CHECK_FALSE(is_contradiction({ProcessCondition{{{"a"}}}, ProcessCondition{{{"b"}}}}));
}
