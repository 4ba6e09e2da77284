#include "config/parse.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(SettingsFile){static ParsedText parse_settings(std::string_view text){
    return parse_text(text, {"schedkit.toml", "s", PolicyLayer::admin});
}
}
;

TEST(SettingsFile, empty_means_defaults) {
  const auto parsed = parse_settings("");
  check_lines("", parsed.errors);
  CHECK(parsed.text.settings->settings == Settings{});
}

TEST(SettingsFile, reads_every_key) {
  const auto parsed = parse_settings(R"(
default = "lavd"
foreign = "replace"
[switch]
load-timeout = "1m"
attach-timeout = "1s"
stop-timeout = "3s"
dwell = "0s"
probation = "10s"
[rollback]
strikes = 5
backoff-min = "2s"
backoff-max = "1m"
cpu-pressure = "60%"
[standby]
max = 1
memory = "512MiB"
[store]
path = "/srv/schedkit"
[runtime]
path = "/usr/local/bin/crun"
cgroup-manager = "cgroupfs"
[guard]
enabled = false
stall = "1500ms"
foreign = false
)");
  check_lines("", parsed.errors);
  check_lines("", parsed.warnings);
  Settings expected;
  expected.default_name = "lavd";
  expected.replace_foreign = true;
  expected.load_timeout = 1min;
  expected.attach_timeout = 1s;
  expected.stop_timeout = 3s;
  expected.dwell = 0s;
  expected.probation = 10s;
  expected.strikes = 5;
  expected.backoff_min = 2s;
  expected.backoff_max = 1min;
  expected.cpu_pressure = 0.6;
  expected.standby_max = 1;
  expected.standby_memory = 512ULL << 20;
  expected.store_path = "/srv/schedkit";
  expected.runtime_path = "/usr/local/bin/crun";
  expected.cgroup_manager = "cgroupfs";
  expected.guard = {.enabled = false, .stall = 1500ms, .foreign = false};
  CHECK(parsed.text.settings->settings == expected);
}

TEST(SettingsFile, rollback_is_checked) {
  const auto parsed =
      parse_settings("[rollback]\ncpu-pressure = \"60\"\nstrikes = 0\nbackoff-min = \"1m\"\nbackoff-max = \"1s\"\n");
  check_lines(
      "s:2:16: cpu-pressure is \"60\"; write a share from \"1%\" to \"99%\"\n"
      "s:3:11: strikes is 0; it must be from 1 to 1000\n"
      "s:5:15: backoff-max is less than backoff-min\n",
      parsed.errors);
  CHECK(parse_settings("[rollback]\ncpu-pressure = \"\"\n").errors.empty());
}

TEST(SettingsFile, keys_of_later_versions_warn_and_are_checked_all_the_same) {
  const auto parsed = parse_settings("[metrics]\nlisten = 3\n");
  check_lines("s:2:1: listen in [metrics] has no effect in this version yet\n", parsed.warnings);
  check_lines("s:2:10: listen must be a string, not an integer\n", parsed.errors);
}

TEST(SettingsFile, registries) {
  const auto parsed = parse_settings("[registry]\nparallel = 3\nrefresh = \"1h\"\n");
  check_lines("", parsed.errors);
  LONGS_EQUAL(3, parsed.text.settings->settings.registry_parallel);
  CHECK(parsed.text.settings->settings.registry_refresh == std::chrono::hours(1));
  CHECK_FALSE(parse_settings("[registry]\nparallel = 0\n").errors.empty());
}

TEST(SettingsFile, overrides_last_as_long_as_it_says) {
  const auto parsed = parse_settings("[override]\nuntil = \"90m\"\nloader-until = \"auto\"\n");
  check_lines("", parsed.errors);
  check_lines("", parsed.warnings);
  CHECK((parsed.text.settings->settings.override_until == Lifetime{Lifetime::Kind::limited, 90min}));
  CHECK(parsed.text.settings->settings.loader_until == Lifetime{});
  for (const auto* wrong : {"forever", "0s", "", "-1s"}) {
    check_lines(
        fmt::format("s:2:9: until: \"{}\" is no lifetime; write \"auto\", \"boot\" or a duration such as \"2h\"\n",
                    wrong),
        parse_settings(fmt::format("[override]\nuntil = \"{}\"\n", wrong)).errors);
  }
}

TEST(SettingsFile, errors) {
  check_lines("s:1:1: unknown key \"defualt\" in schedkit.toml; did you mean \"default\"?\n",
              parse_settings("defualt = \"x\"\n").errors);
  check_lines("s:2:1: unknown key \"stal\" in [guard]; did you mean \"stall\"?\n",
              parse_settings("[guard]\nstal = 1\n").errors);
  check_lines("s:2:9: stall must be at least 500ms\n", parse_settings("[guard]\nstall = \"100ms\"\n").errors);
  check_lines("s:1:11: foreign is \"ignore\"; it must be one of: respect, replace\n",
              parse_settings("foreign = \"ignore\"\n").errors);
  check_lines("s:2:18: attach-timeout must be longer than zero\n",
              parse_settings("[switch]\nattach-timeout = \"0s\"\n").errors);
  check_lines("s:1:10: switch must be a table, not a list\n", parse_settings("switch = []\n").errors);
  check_lines("s:2:8: path is \"store\"; write an absolute path\n",
              parse_settings("[store]\npath = \"store\"\n").errors);
  check_lines("s:2:8: path is \"bin/crun\"; write a command's name or an absolute path\n",
              parse_settings("[runtime]\npath = \"bin/crun\"\n").errors);
  check_lines("s:1:11: default is \"oci:/x\"; name a scheduler or \"kernel\"\n",
              parse_settings("default = \"oci:/x\"\n").errors);
}
