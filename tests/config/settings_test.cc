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
[store]
path = "/srv/schedkit"
[runtime]
path = "/usr/local/bin/crun"
cgroup-manager = "cgroupfs"
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
  expected.store_path = "/srv/schedkit";
  expected.runtime_path = "/usr/local/bin/crun";
  expected.cgroup_manager = "cgroupfs";
  CHECK(parsed.text.settings->settings == expected);
}

TEST(SettingsFile, keys_of_later_versions_warn_and_are_checked_all_the_same) {
  const auto parsed =
      parse_settings("[guard]\nstall = \"1s\"\n[rollback]\nstrikes = \"3\"\n");
  check_lines(
      "s:2:1: stall in [guard] has no effect in this version yet\n"
      "s:4:1: strikes in [rollback] has no effect in this version yet\n",
      parsed.warnings);
  check_lines("s:4:11: strikes must be an integer, not a string\n", parsed.errors);
}

TEST(SettingsFile, errors) {
  check_lines("s:1:1: unknown key \"defualt\" in schedkit.toml; did you mean \"default\"?\n",
              parse_settings("defualt = \"x\"\n").errors);
  check_lines("s:2:1: unknown key \"stal\" in [guard]; did you mean \"stall\"?\n",
              parse_settings("[guard]\nstal = 1\n").errors);
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
