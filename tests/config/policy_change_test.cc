// What is typed on a command line becomes keys and values; changes of files are checked with all others; diffs.
#include "config/policy_change.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/assignment.h"
#include "config/check_files.h"
#include "config/text_diff.h"
#include "config/toml_value.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

std::string assigned(std::string_view text, const TableSchema& schema = rule_schema) {
  const auto assignment = parse_assignment(text, schema);
  if (!assignment) return assignment.error().describe();
  return show_path(assignment->path) + " = " + write_value(assignment->value);
}

void check_assigned(const char* expected, std::string_view text, const TableSchema& schema = rule_schema) {
  STRCMP_EQUAL(expected, assigned(text, schema).c_str());
}

}  // namespace

TEST_GROUP(Assignment){};

TEST(Assignment, the_schema_says_what_a_value_is) {
  check_assigned("priority = 200", "priority=200");
  check_assigned("linger = \"10s\"", "linger=10s");
  check_assigned("enabled = false", "enabled=false");
  check_assigned("use = \"200\"", "use=200");
  check_assigned("when.process.comm = \"cs2\"", "when.process.comm=cs2");
  check_assigned("when.process.comm = [\"cs2\", \"*.exe\"]", "when.process.comm=cs2,*.exe");
  check_assigned("when.process.comm = \"a\\\\,b\"", "when.process.comm=a\\,b");
  check_assigned("when.process.env.DISPLAY = \":*\"", "when.process.env.DISPLAY=:*");
  check_assigned("when[1].power.profile = [\"balanced\", \"performance\"]",
                 "when.1.power.profile=balanced,performance");
  check_assigned("when.dbus-property.equals = true", "when.dbus-property.equals=true");
  check_assigned("when.dbus-property.in = [1.0, 2, \"x\"]", "when.dbus-property.in=1.0,2,x");
  check_assigned("args = [\"--one\", \"a,b\"]", "args=--one,a\\,b", scheduler_schema);
  check_assigned("args = []", "args=", scheduler_schema);
  check_assigned("modes.fast = [\"-f\"]", "modes.fast=-f", scheduler_schema);
  check_assigned("env.A = \"x=y\"", "env.A=x=y", scheduler_schema);
  check_assigned("switch.dwell = \"2s\"", "switch.dwell=2s", settings_schema);
}

TEST(Assignment, wrong_keys_name_the_right_ones) {
  check_assigned("there is no key \"priorty\"; did you mean \"priority\"?", "priorty=1");
  check_assigned("there is no key \"com\" in when.process; did you mean \"comm\"?", "when.process.com=1");
  check_assigned("\"priority\" is an integer and has no keys", "priority.x=1");
  check_assigned("priority is \"high\": a number", "priority=high");
  check_assigned("enabled is \"no\": true or false", "enabled=no");
  check_assigned("when is a table or an array of tables; name a key of it", "when=x");
  check_assigned("env needs a name of your own: env.NAME=VALUE", "env=x", scheduler_schema);
  check_assigned("\"=1\" is not KEY=VALUE; keys are name, use, mode, enabled, priority, delay, linger, when, unless",
                 "=1");
}

TEST_GROUP(PolicyChange) {
  Tree tree;
  FileChange change(const std::string& name, std::optional<std::string> before, std::optional<std::string> after) {
    return {tree.path(PolicyLayer::admin, name), PolicyLayer::admin, std::move(before), std::move(after)};
  }
  std::string checked(const FileChange& change) {
    std::string warnings;
    const auto done = check_change(change, find_files(tree.directories), tree.directories, warnings);
    auto text = done ? "right\n" + warnings : done.error().describe() + "\n";
    while (text.find(tree.root()) != std::string::npos) text.erase(text.find(tree.root()), tree.root().size());
    return text;
  }
};

TEST(PolicyChange, errors_of_others_that_it_causes_count_and_old_ones_do_not) {
  tree.write(PolicyLayer::admin, "a.toml", "[schedulers.s]\nimage = \"oci:/i:t\"\n");
  tree.write(PolicyLayer::admin, "b.toml", using_file("r", "s"));
  tree.write(PolicyLayer::admin, "c.toml", using_file("r", "nobody"));
  STRCMP_EQUAL("right\n", checked(change("d.toml", std::nullopt, using_file("x", "s"))).c_str());
  STRCMP_EQUAL("/etc/schedkit/b.toml:3:7: use is \"s\", but no policy file defines [schedulers.s]; known: kernel\n",
               checked(change("a.toml", "", std::nullopt)).c_str());
  STRCMP_EQUAL("/etc/schedkit/d.toml:1:1: unknown key \"x\" in a policy file; known: schedulers, rules\n",
               checked(change("d.toml", std::nullopt, "x = 1\n")).c_str());
}

TEST(PolicyChange, writing_keeps_mode_owner_and_links_and_refuses_what_changed_meanwhile) {
  const auto real = tree.root() + "/real.toml";
  CHECK(write_file_atomic(real, "old", 0640).has_value());
  const auto link = change("a.toml", "old", "new");
  LONGS_EQUAL(0, ::symlink(real.c_str(), link.path.c_str()));
  CHECK(write_change(link, true).has_value());
  STRCMP_EQUAL("new", read_file(real, 100)->c_str());
  STRCMP_EQUAL("old", read_file(link.path + ".bak", 100)->c_str());
  struct stat status {};
  LONGS_EQUAL(0, ::lstat(link.path.c_str(), &status));
  CHECK(S_ISLNK(status.st_mode));
  LONGS_EQUAL(0, ::stat(real.c_str(), &status));
  LONGS_EQUAL(0640, status.st_mode & 07777);
  const auto again = write_change(link, false);
  CHECK(!again);
  CHECK(again.error().code == Errc::busy);
  STRCMP_EQUAL("new", read_file(real, 100)->c_str());
  CHECK(!write_change(change("a.toml", std::nullopt, "fresh"), false));
  CHECK(write_change(change("a.toml", "new", std::nullopt), false).has_value());
  CHECK(!read_file(link.path, 100));
}

TEST(PolicyChange, names_are_found_or_the_nearest_is_told) {
  tree.write(PolicyLayer::admin, "a.toml", complete_file("s", "games"));
  tree.write(PolicyLayer::vendor, "a.toml", complete_file("hidden", "hidden"));
  tree.write(PolicyLayer::vendor, "b.toml", complete_file("t", "games"));
  const PolicyFiles files(tree.directories);
  LONGS_EQUAL(4, files.items().size());
  STRCMP_EQUAL("b.toml/games", files.find("b.toml/games")->id().c_str());
  CHECK(files.find("s")->kind == PolicyKind::scheduler);
  STRCMP_EQUAL("several rules are called \"games\"; name one of: a.toml/games, b.toml/games",
               files.find("games").error().text.c_str());
  STRCMP_EQUAL("no policy file has a rule \"gmes\"; did you mean \"games\"?",
               files.find("gmes", PolicyKind::rule).error().text.c_str());
  CHECK(check_owned(*files.find_file("a"), tree.directories).has_value());
  CHECK(check_owned(*files.find_file("b"), tree.directories).error().code == Errc::denied);
}

TEST_GROUP(Enabled){};

TEST(Enabled, a_disabled_rule_is_left_out_and_what_it_uses_is_not_looked_for) {
  Tree tree;
  tree.write(PolicyLayer::admin, "a.toml",
             using_file("off", "nobody") + "enabled = false\n" + using_file("on", "kernel") + "enabled = true\n");
  const auto report = check_directories(tree.directories);
  STRCMP_EQUAL("", report.text().c_str());
  LONGS_EQUAL(1, report.policy.rules.size());
  STRCMP_EQUAL("on", report.policy.rules[0].name.c_str());
}

TEST(Enabled, its_own_form_is_checked) {
  check_lines("x.toml:5:12: priority is 5000; it must be from 0 to 1000\n",
              parse("[[rules]]\nname = \"a\"\nuse = \"x\"\nenabled = false\npriority = 5000\n").errors);
  check_lines("x.toml:4:11: enabled must be true or false, not a string\n",
              parse("[[rules]]\nname = \"a\"\nuse = \"kernel\"\nenabled = \"no\"\n").errors);
}

TEST_GROUP(TextDiff){};

TEST(TextDiff, hunks_with_context) {
  STRCMP_EQUAL("", unified_diff("a\n", "a\n", "x", "y").c_str());
  STRCMP_EQUAL("--- /dev/null\n+++ y\n@@ -0,0 +1 @@\n+a\n", unified_diff("", "a\n", "", "y").c_str());
  STRCMP_EQUAL("--- x\n+++ y\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
               unified_diff("a", "a\n", "x", "y").c_str());
  STRCMP_EQUAL(
      "--- x\n+++ y\n@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -8,5 +8,5 @@\n 8\n 9\n a\n-b\n+B\n c\n",
      unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\n", "one\n2\n3\n4\n5\n6\n7\n8\n9\na\nB\nc\n", "x", "y").c_str());
}
