#include "config/parse.h"

#include "config/write_scheduler.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Parse){
    static void refused(std::string_view text, const std::string& expected,
                        PolicyLayer layer = PolicyLayer::admin){check_lines(expected, parse(text, layer).errors);
}
static void warned(std::string_view text, const std::string& expected) {
  const auto parsed = parse(text);
  check_lines("", parsed.errors);
  check_lines(expected, parsed.warnings);
}
}
;

TEST(Parse, reads_every_key_of_a_scheduler) {
  const auto parsed = parse(R"(
[schedulers.lavd]
image = "ghcr.io/schedkit/scx_lavd:1.0.19"
args = ["--performance"]
profile = "privileged"
handover = "stop-first"
memory = "1GiB"
pids = 99
caps-add = ["CAP_SYSLOG"]
paths-rw = ["/var/tmp"]
devices = ["/dev/null"]
load-timeout = "90s"
env = { A = "b" }
[schedulers.lavd.modes]
gaming = ["--fast", "--now"]
idle = []
)");
  check_lines("", parsed.errors);
  check_lines("", parsed.warnings);
  LONGS_EQUAL(1, parsed.text.schedulers.size());
  const auto& s = parsed.text.schedulers[0];
  STRCMP_EQUAL("lavd", s.name.c_str());
  STRCMP_EQUAL("ghcr.io/schedkit/scx_lavd:1.0.19", s.image.c_str());
  CHECK(s.args == std::vector<std::string>{"--performance"});
  CHECK(s.profile == Profile::privileged);
  CHECK(s.handover == Handover::stop_first);
  CHECK(s.memory == 1ULL << 30);
  LONGS_EQUAL(99, s.pids);
  CHECK(s.caps_add == std::vector<std::string>{"CAP_SYSLOG"});
  CHECK(s.paths_rw == std::vector<std::string>{"/var/tmp"});
  CHECK(s.devices == std::vector<std::string>{"/dev/null"});
  CHECK(s.load_timeout == 90s);
  CHECK(s.env.at("A") == "b");
  CHECK((s.modes.at("gaming") == std::vector<std::string>{"--fast", "--now"}));
  CHECK(s.modes.at("idle").empty());
  STRCMP_EQUAL("x.toml:2:13", fmt::format("{}:{}:{}", s.where.file, s.where.line, s.where.column).c_str());
}

TEST(Parse, a_written_scheduler_is_read_back_the_same) {
  Scheduler s;
  s.name = "a.b";
  s.image = "oci:/i:t";
  s.args = {"\"quoted\"", "tab\t", "back\\slash", "\x7f", "ümlaut"};
  s.modes = {{"m", {"x"}}, {"n", {}}};
  s.env = {{"strange key", "1"}};
  s.profile = Profile::compat;
  s.handover = Handover::stop_first;
  s.memory = 12345;
  s.pids = 7;
  s.standby = true;
  s.probation = 1500ms;
  s.load_timeout = 61s;
  const auto parsed = parse(to_toml(s));
  check_lines("", parsed.errors);
  LONGS_EQUAL(1, parsed.text.schedulers.size());
  CHECK(parsed.text.schedulers[0] == s);
}

TEST(Parse, reads_every_key_of_a_rule) {
  const auto parsed = parse(R"(
[[rules]]
name = "games"
use = "lavd"
mode = "gaming"
priority = 200
delay = "1s"
linger = "10s"
[[rules.when]]
process = [{ comm = ["cs2", "*.exe"], user = "alice" }, { exe = "/usr/bin/obs" }]
[[rules.when]]
process = { cmdline = "*--game*", parent = "steam", cgroup = "/user.slice/*", env = { SteamAppId = ["1", "2*"] } }
[rules.unless]
process = { comm = "make" }
)");
  check_lines("", parsed.errors);
  LONGS_EQUAL(1, parsed.text.rules.size());
  const auto& text = parsed.text.rules[0];
  STRCMP_EQUAL("x.toml/games", text.rule.id().c_str());
  STRCMP_EQUAL("lavd", text.use.c_str());
  STRCMP_EQUAL("gaming", text.mode.c_str());
  LONGS_EQUAL(200, text.rule.priority);
  CHECK(text.rule.delay == 1s);
  CHECK(text.rule.linger == 10s);
  LONGS_EQUAL(2, text.rule.when.size());
  LONGS_EQUAL(2, text.rule.when[0].size());
  const auto& first = std::get<ProcessCondition>(text.rule.when[0][0]);
  CHECK((first.comm.globs == std::vector<std::string>{"cs2", "*.exe"}));
  CHECK(first.user.globs == std::vector<std::string>{"alice"});
  const auto& other = std::get<ProcessCondition>(text.rule.when[1][0]);
  CHECK(other.env.at(0).first == "SteamAppId");
  CHECK((other.env.at(0).second.globs == std::vector<std::string>{"1", "2*"}));
  LONGS_EQUAL(1, text.rule.unless.size());
}

TEST(Parse, defaults_of_a_rule) {
  const auto parsed = parse("[[rules]]\nname = \"a\"\nuse = \"kernel\"\n");
  check_lines("", parsed.errors);
  const auto& rule = parsed.text.rules.at(0).rule;
  LONGS_EQUAL(100, rule.priority);
  CHECK(rule.delay == 0s);
  CHECK(rule.linger == 5s);
  CHECK(rule.when.empty());
}

TEST(Parse, syntax_errors_have_their_place) {
  const auto parsed = parse("[[rules]]\nname = \"a\nuse = 1\n");
  LONGS_EQUAL(1, parsed.errors.size());
  LONGS_EQUAL(2, parsed.errors[0].where.line);
  CHECK(contains(parsed.errors[0].text, "TOML syntax: "));
  LONGS_EQUAL(1, parse("a = \xff\n").errors.size());
  LONGS_EQUAL(1, parse("a = 1\na = 2\n").errors.size());
}

TEST(Parse, unknown_keys_are_errors_with_a_guess) {
  refused("[schedulers.a]\nimage = \"oci:/i:t\"\nimages = 1\n",
          "x.toml:3:1: unknown key \"images\" in [schedulers.\"a\"]; did you mean \"image\"?\n");
  refused("[scheduler.a]\nimage = \"oci:/i:t\"\n",
          "x.toml:1:2: unknown key \"scheduler\" in a policy file; did you mean \"schedulers\"?\n");
  refused("zzzzzzzz = 1\n", "x.toml:1:1: unknown key \"zzzzzzzz\" in a policy file; known: schedulers, rules\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\nwhen.process.com = \"x\"\n",
          "x.toml:4:14: unknown key \"com\" in process in when of rule \"a\"; did you mean \"comm\"?\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\nwhen.proces.comm = \"x\"\n",
          "x.toml:4:6: unknown key \"proces\" in when of rule \"a\"; did you mean \"process\"?\n");
}

TEST(Parse, types_are_exact) {
  refused(
      "[schedulers.a]\nimage = 3\nargs = \"x\"\nstandby = 1\npids = 3.0\nmemory = 5\nmodes = [\"x\"]\nenv = { A = 1 "
      "}\n",
      "x.toml:2:9: image must be a string, not an integer\n"
      "x.toml:3:8: args must be a list of strings, as [\"one\", \"two\"], not a string\n"
      "x.toml:4:11: standby must be true or false, not an integer\n"
      "x.toml:5:8: pids must be an integer, not a floating-point number\n"
      "x.toml:6:10: memory must be a size in quotes, as \"512MiB\", not an integer\n"
      "x.toml:7:9: modes must be a table of lists, as { NAME = [\"one\", \"two\"] }, not a list\n"
      "x.toml:8:13: env must be a table of strings, as { NAME = \"value\" }, not an integer\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\npriority = true\ndelay = 10\nwhen = \"x\"\n",
          "x.toml:4:12: priority must be an integer, not a boolean\n"
          "x.toml:5:9: delay must be a duration in quotes, as \"10s\", not an integer\n"
          "x.toml:6:8: when must be a table or an array of tables, not a string\n");
  refused("[rules]\nname = \"a\"\n", "x.toml:1:1: rules must be an array of tables, as [[rules]], not a table\n");
  refused("schedulers = 1979-05-27\n", "x.toml:1:14: schedulers must be a table of tables, not a date or time\n");
  refused("[schedulers]\na = 1\n", "x.toml:2:5: \"a\" in [schedulers] must be a table, not an integer\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\nwhen.process.comm = [\"a\", 1]\n",
          "x.toml:4:27: comm must be a string or a list of strings, not an integer\n");
}

TEST(Parse, values_out_of_range) {
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\npriority = 1001\ndelay = \"5 minutes\"\nlinger = \"-1s\"\n",
          "x.toml:4:12: priority is 1001; it must be from 0 to 1000\n"
          "x.toml:5:9: delay: \"5 minutes\" is not a duration; write it like \"500ms\", \"10s\", \"5m\", \"24h\"\n"
          "x.toml:6:10: linger: \"-1s\" is not a duration; write it like \"500ms\", \"10s\", \"5m\", \"24h\"\n");
  refused("[schedulers.a]\nimage = \"oci:/i:t\"\nprofile = \"lax\"\nload-timeout = \"0s\"\npids = 0\nmemory = \"0\"\n",
          "x.toml:3:11: profile is \"lax\"; it must be one of: strict, compat, privileged\n"
          "x.toml:4:16: load-timeout must be longer than zero\n"
          "x.toml:5:8: pids is 0; it must be from 1 to 4194304\n"
          "x.toml:6:10: memory must be larger than zero\n");
}

TEST(Parse, missing_keys) {
  refused("[schedulers.a]\n",
          "x.toml:1:1: [schedulers.\"a\"] needs image: fully qualified image reference, or oci:/path/to/layout:tag\n");
  refused("[[rules]]\n",
          "x.toml:1:1: a rule needs name: unique in its file\n"
          "x.toml:1:1: a rule needs use: a scheduler's name, an image reference, or \"kernel\"\n");
}

TEST(Parse, empty_conditions_are_errors) {
  const std::string rule = "[[rules]]\nname = \"a\"\nuse = \"kernel\"\n";
  refused(rule + "when = {}\n",
          "x.toml:4:8: when of rule \"a\" is empty; name a condition such as process, or leave the table out\n");
  refused(rule + "when = []\n", "x.toml:4:8: when of rule \"a\" is an empty list; leave it out or name a condition\n");
  refused(rule + "unless = {}\n",
          "x.toml:4:10: unless of rule \"a\" is empty; name a condition such as process, or leave the table out\n");
  refused(rule + "when.process = {}\n",
          "x.toml:4:16: process in when of rule \"a\" is empty; name comm or another key\n");
  refused(rule + "when.process = []\n", "x.toml:4:16: process in when of rule \"a\" is an empty list\n");
  refused(rule + "when.process.comm = []\n", "x.toml:4:21: comm is empty; name a pattern or leave the key out\n");
  refused(rule + "when.process.comm = [\"\"]\n", "x.toml:4:21: comm is empty; name a pattern or leave the key out\n");
}

TEST(Parse, names) {
  refused(
      "[schedulers.\"a b\"]\nimage = \"oci:/i:t\"\n",
      "x.toml:1:13: \"a b\" cannot be a scheduler's name: use letters, digits, \"_\", \".\" and \"-\", at most 128\n");
  refused("[schedulers.kernel]\nimage = \"oci:/i:t\"\n",
          "x.toml:1:13: \"kernel\" means that no scheduler is attached; choose another name\n");
  refused("[[rules]]\nname = \"a/b\"\nuse = \"kernel\"\n",
          "x.toml:2:8: \"a/b\" cannot be a rule's name: use letters, digits, \"_\", \".\" and \"-\", at most 128\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\n[[rules]]\nname = \"a\"\nuse = \"kernel\"\n",
          "x.toml:5:1: rule \"a\" is already defined in line 2; give it another name\n");
  LONGS_EQUAL(1, parse("[schedulers.a]\nimage = \"oci:/i:t\"\n[schedulers.a]\nimage = \"oci:/i:t\"\n").errors.size());
}

TEST(Parse, images_and_modes) {
  CHECK(contains(lines_of(parse("[schedulers.a]\nimage = \"scx_lavd\"\n").errors), "x.toml:2:9: "));
  CHECK(contains(lines_of(parse("[[rules]]\nname = \"a\"\nuse = \"oci:relative:t\"\n").errors), "x.toml:3:7: "));
  refused("[[rules]]\nname = \"a\"\nuse = \"kernel\"\nmode = \"m\"\n",
          "x.toml:4:1: \"kernel\" has no modes; define a scheduler with modes and use that\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"oci:/i:t\"\nmode = \"m\"\n",
          "x.toml:4:1: an image reference has no modes; define a scheduler with modes and use that\n");
  refused("[[rules]]\nname = \"a\"\nuse = \"\"\n",
          "x.toml:3:7: use is \"\"; name a scheduler, an image reference or \"kernel\"\n");
}

TEST(Parse, container_options_are_checked) {
  refused(
      "[schedulers.a]\nimage = \"oci:/i:t\"\ncaps-add = [\"sys_admin\"]\npaths-rw = [\"tmp\", \"/a/../b\"]\n"
      "devices = [\"/etc/passwd\"]\nenv = { \"A=B\" = \"c\" }\n",
      "x.toml:3:12: \"sys_admin\" is not a capability; write it like \"CAP_SYS_NICE\"\n"
      "x.toml:4:12: paths-rw holds \"tmp\"; write paths below / without \"..\"\n"
      "x.toml:4:12: paths-rw holds \"/a/../b\"; write paths below / without \"..\"\n"
      "x.toml:5:11: devices holds \"/etc/passwd\"; write paths below /dev/ without \"..\"\n"
      "x.toml:6:7: \"A=B\" cannot be a variable's name\n");
  refused("[schedulers.a]\nimage = \"oci:/i:t\"\nargs = [\"a\\u0000b\"]\n", "x.toml:3:9: args holds a NUL byte\n");
}

TEST(Parse, the_cluster_may_not_widen_its_rights) {
  refused(
      "[schedulers.a]\nimage = \"oci:/i:t\"\nprofile = \"strict\"\nhandover = \"gate\"\ncaps-add = []\n"
      "[[rules]]\nname = \"r\"\nuse = \"oci:/i:t\"\n",
      "x.toml:2:9: a file of the cluster cannot use oci: images; name one in a registry\n"
      "x.toml:3:1: profile cannot be set by a file of the cluster; only this node's administrator may\n"
      "x.toml:4:1: handover cannot be set by a file of the cluster; only this node's administrator may\n"
      "x.toml:5:1: caps-add cannot be set by a file of the cluster; only this node's administrator may\n"
      "x.toml:8:7: a file of the cluster cannot use oci: images; name one in a registry\n",
      PolicyLayer::cluster);
}

TEST(Parse, warnings_stand_in_nobody_s_way) {
  warned(
      "[[rules]]\nname = \"a\"\nuse = \"kernel\"\nwhen.process = { parent = \"sixteen-letters!\", exe = \"game\" }\n",
      "x.toml:4:27: parent \"sixteen-letters!\" matches nothing: the kernel keeps 15 bytes of a name; end it with "
      "\"*\"\n"
      "x.toml:4:53: exe \"game\" matches nothing: paths begin with \"/\"\n");
}

TEST(Parse, limits) {
  refused(std::string(65 * 1024, '#'), "x.toml: the file is larger than 64 KiB; split it\n");
  std::string deep = "a";
  for (int i = 0; i < 12000; ++i) deep += ".a";
  refused(deep + " = 1\n", "x.toml:1:32: a key has more than 16 dotted parts\n");
  refused("x = \"\"\"\n" + deep + "\\\"\"\"\"\"\n[" + deep + "]\n",
          "x.toml:3:33: a key has more than 16 dotted parts\n");
  LONGS_EQUAL(1, parse("a = " + std::string(30000, '[') + "\n").errors.size());
}
