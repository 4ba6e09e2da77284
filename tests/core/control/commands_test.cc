// What people ask the controller for.
#include <algorithm>

#include "core/base/file.h"
#include "core/control/override_file.h"
#include "tests/core/control/controller_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Commands) {
  ControllerFixture f;

  // Daemon with rule "a" in force.
  void setup() override {
    f.boot(f.policy({"a", "b", "c"}));
    f.processes.begin(1, "a");
    check_attached("a");
    f.clock.advance(1s);
  }
  void check_attached(const char* scheduler) {
    CHECK_TRUE(f.settle());
    STRCMP_EQUAL(scheduler, f.attached().c_str());
    CHECK_TRUE(f.idle());
  }
  void check_done() {
    CHECK_TRUE(f.answer.has_value());
    CHECK_TEXT(f.answer->has_value(), f.answer->has_value() ? "" : f.answer->error().text.c_str());
  }
  void check_refused(Errc code, const char* text) {
    CHECK_TRUE(f.answer && !f.answer->has_value());
    STRCMP_CONTAINS(text, f.answer->error().text.c_str());
    CHECK_TRUE(f.answer->error().code == code);
  }
  void check_override(const std::string& scheduler) {
    CHECK_TRUE(f.controller->status().override_by == "anna");
    const auto kept = read_override(f.directory / "lasting.json");
    CHECK_TRUE(kept && *kept);
    STRCMP_EQUAL(scheduler.c_str(), (*kept)->command.scheduler.c_str());
  }
  void check_no_override() {
    CHECK_FALSE(f.controller->status().override_by.has_value());
    for (const auto* name : {"override.json", "lasting.json"}) {
      const auto kept = read_override(f.directory / name);
      CHECK_TRUE(kept && !*kept);
    }
  }
  // The daemon ends and another one starts; the attached run lives on.
  void restart(const Policy& policy) {
    f.controller->shut_down([] {}, false);
    CHECK_TRUE(f.settle());
    f.machine.left_over.clear();
    for (const auto* run : f.machine.runs) {
      if (run != nullptr) f.machine.left_over.emplace_back(run->request(), run->pid());
    }
    f.boot(policy);
  }
  const std::vector<std::string>& args() { return f.machine.run().request().choice.args; }
};

TEST(Commands, run_stands_above_the_rules_and_is_answered_when_attached) {
  f.run("b");
  CHECK_FALSE(f.answer.has_value());
  check_attached("b");
  check_done();
  check_override("b");
  STRCMP_EQUAL("override by anna", f.controller->status().wanted.reason.c_str());
  f.processes.begin(3, "c");
  check_attached("b");
}

TEST(Commands, run_of_what_runs_already_is_answered_at_once) {
  f.run("a");
  check_done();
  check_override("a");
  LONGS_EQUAL(1, f.machine.runs.size());
}

TEST(Commands, a_mode_has_its_own_arguments) {
  f.run("b", "fast");
  check_attached("b");
  CHECK_TRUE(args() == std::vector<std::string>{"--fast"});
  STRCMP_EQUAL("fast", f.controller->status().current->mode.c_str());
}

TEST(Commands, arguments_given_replace_those_of_the_policy) {
  f.controller->run({.scheduler = "b", .mode = "fast", .has_args = true, .args = {"--mine"}, .by = "anna"}, f.note());
  check_attached("b");
  CHECK_TRUE(args() == std::vector<std::string>{"--mine"});
  f.controller->run({.scheduler = "b", .has_args = true, .by = "anna"}, f.note());
  check_attached("b");
  CHECK_TRUE(args().empty());
}

TEST(Commands, an_image_may_be_named_in_place_of_a_scheduler) {
  for (const auto* image : {"oci:/srv/x:1", "ghcr.io/someone/x:1"}) {
    f.run(image);
    check_attached(image);
    check_done();
  }
}

TEST(Commands, what_nobody_defined_is_refused_and_changes_nothing) {
  f.run("nonesuch");
  check_refused(Errc::not_found, "no policy defines a scheduler \"nonesuch\"; defined are: a, b, c.");
  f.run("b", "slow");
  check_refused(Errc::not_found, "scheduler b has no mode \"slow\"");
  f.run("kernel", "fast");
  check_refused(Errc::invalid, "neither mode nor arguments");
  check_no_override();
  check_attached("a");
}

TEST(Commands, stop_gives_the_kernel_its_own_scheduler_until_auto) {
  f.controller->stop("anna", f.note());
  check_attached("");
  check_done();
  check_override("kernel");
  f.processes.begin(2, "b");
  check_attached("");
  f.controller->go_automatic(f.note());
  check_attached("b");
  check_done();
  check_no_override();
}

TEST(Commands, auto_without_an_override_is_answered) {
  f.controller->go_automatic(f.note());
  check_done();
  check_attached("a");
  LONGS_EQUAL(1, f.machine.runs.size());
}

TEST(Commands, auto_tries_again_what_failed) {
  auto policy = f.policy({"a", "b", "c"});
  policy.settings.strikes = 3;
  f.controller->replace(policy);
  f.bad_runs = {"b"};
  f.processes.begin(2, "b");
  f.progress();
  STRCMP_EQUAL("a", f.attached().c_str());
  f.bad_runs.clear();
  f.controller->go_automatic(f.note());
  check_attached("b");
  check_done();
}

TEST(Commands, a_command_that_fails_leaves_no_override) {
  f.bad_runs = {"b"};
  f.run("b");
  check_attached("a");
  check_refused(Errc::failed, "b exited with status 1 before it attached");
  check_no_override();
  STRCMP_EQUAL("a", f.wanted().c_str());
  STRCMP_EQUAL("", f.discrepancy().c_str());
}

TEST(Commands, an_image_that_fails_leaves_no_override) {
  f.bad_images = {"oci:/images:b"};
  f.run("b");
  check_attached("a");
  check_refused(Errc::integrity, "its digest does not fit");
  check_no_override();
}

TEST(Commands, a_command_that_fails_brings_the_earlier_override_back) {
  f.run("c", "fast");
  check_attached("c");
  f.bad_runs = {"b"};
  f.run("b");
  check_attached("c");
  check_override("c");
  STRCMP_EQUAL("c", f.wanted().c_str());
  restart(f.policy({"a", "b", "c"}));
  check_attached("c");
  STRCMP_EQUAL("fast", f.controller->status().current->mode.c_str());
}

TEST(Commands, on_a_kernel_without_sched_ext_a_command_fails_at_once) {
  f.machine.set_disabled();
  f.machine.state_.state = ExtState::unsupported;
  f.boot(f.policy({"a"}));
  CHECK_TRUE(f.settle());
  f.run("a");
  check_refused(Errc::unsupported, "no sched_ext");
  CHECK_TRUE(f.settle());
  CHECK_TRUE(f.idle());
  check_no_override();
}

TEST(Commands, a_newer_command_ends_the_older_one) {
  std::optional<Result<void>> older;
  f.controller->run({.scheduler = "b", .by = "anna"}, [&](Result<void> result) { older = std::move(result); });
  f.run("c");
  CHECK_TRUE(older && !older->has_value() && older->error().code == Errc::cancelled);
  check_attached("c");
  check_done();
  check_override("c");
}

TEST(Commands, policies_read_anew_meanwhile_do_not_end_a_command) {
  f.machine.set_enabled(7, "foreign");  // which only a command replaces
  f.machine.tell();
  f.run("b");
  f.controller->replace(f.policy({"a", "b", "c"}));
  CHECK_FALSE(f.answer.has_value());
  check_attached("b");
  check_done();
}

TEST(Commands, a_command_repeated_tries_again) {
  auto policy = f.policy({"a", "b", "c"});
  policy.settings.strikes = 3;
  f.controller->replace(policy);
  f.bad_runs = {"b"};
  f.run("b");
  check_attached("a");
  f.bad_runs.clear();
  f.run("b");
  check_attached("b");
  check_done();
}

TEST(Commands, an_override_survives_the_daemon) {
  f.controller->run({.scheduler = "b", .mode = "fast", .has_args = true, .args = {"--mine"}, .by = "anna"}, f.note());
  check_attached("b");
  const auto runs = f.machine.runs.size();
  restart(f.policy({"a", "b", "c"}));
  check_attached("b");
  check_override("b");
  LONGS_EQUAL(runs + 1, f.machine.runs.size());  // the adopted one: nothing was started
  CHECK_TRUE(args() == std::vector<std::string>{"--mine"});
  f.controller->go_automatic(f.note());
  check_attached("a");
}

TEST(Commands, what_was_not_done_when_the_daemon_ended_is_not_asked_again) {
  f.run("b");
  restart(f.policy({"a", "b", "c"}));
  check_attached("a");
  check_no_override();
}

TEST(Commands, an_override_to_a_scheduler_that_is_gone_is_dropped) {
  f.run("b");
  check_attached("b");
  restart(f.policy({"a"}));
  check_attached("a");
  check_no_override();
}

TEST(Commands, an_override_file_that_is_broken_is_dropped_and_named) {
  CHECK_TRUE(write_file_atomic(f.directory / "override.json", "{").has_value());
  restart(f.policy({"a"}));
  check_attached("a");
  check_no_override();
  CHECK_TRUE(std::ranges::any_of(f.logged, [](const auto& line) {
    return line.starts_with("the earlier override is dropped: ") && line.find("override.json") != std::string::npos;
  }));
}

TEST(Commands, an_override_that_cannot_be_kept_counts_all_the_same) {
  CHECK_TRUE(remove_tree(f.directory.path()).has_value());
  f.run("b");
  check_attached("b");
  check_done();
  CHECK_TRUE(std::ranges::any_of(
      f.logged, [](const auto& line) { return line.starts_with("this override ends with the daemon: "); }));
}

TEST(Commands, only_a_command_replaces_a_foreign_scheduler) {
  f.processes.end(1);
  check_attached("");
  f.machine.set_enabled(7, "foreign");
  f.machine.tell();
  f.processes.begin(1, "a");
  check_attached("foreign");
  f.run("b");
  check_attached("b");
  check_done();
}

TEST(Commands, the_end_of_the_daemon_answers_what_is_under_way) {
  f.run("b");
  f.controller->shut_down([] {}, false);
  check_refused(Errc::cancelled, "schedkitd is ending");
  CHECK_TRUE(f.settle());
  STRCMP_EQUAL("a", f.attached().c_str());
}

TEST(Commands, an_override_ends_after_the_time_it_was_given) {
  f.controller->run({.scheduler = "a", .by = "anna", .until = Lifetime{Lifetime::Kind::limited, 1h}}, f.note());
  check_done();
  f.processes.end(1);
  STRCMP_EQUAL("a", f.wanted().c_str());
  CHECK_TRUE(f.controller->deadline() == f.clock.now() + 1h);
  CHECK_TRUE(f.controller->status().override_until == f.clock.wall_now() + 1h);
  f.clock.advance(1h);
  f.controller->tick();
  STRCMP_EQUAL("kernel", f.wanted().c_str());
  CHECK_FALSE(f.controller->status().override_until.has_value());
}

TEST(Commands, a_new_daemon_goes_on_with_an_override_only_until_its_end) {
  f.controller->run({.scheduler = "a", .by = "anna", .until = Lifetime{Lifetime::Kind::limited, 1h}}, f.note());
  check_done();
  f.processes.end(1);
  const auto end = f.clock.now() + 1h;
  f.clock.advance(20min);
  f.boot(f.policy({"a", "b"}));
  STRCMP_EQUAL("a", f.wanted().c_str());
  CHECK_TRUE(f.controller->status().override_until == f.clock.wall_now() + 40min);
  f.clock.advance(end - f.clock.now());
  f.boot(f.policy({"a", "b"}));
  STRCMP_EQUAL("kernel", f.wanted().c_str());
  check_no_override();
}

TEST(Commands, where_an_override_is_kept_is_how_long_it_lasts) {
  f.run("a");  // the settings say auto
  CHECK_TRUE(read_override(f.directory / "lasting.json")->has_value());
  CHECK_FALSE(read_override(f.directory / "override.json")->has_value());
  f.controller->run({.scheduler = "a", .by = "anna", .until = Lifetime{Lifetime::Kind::boot}}, f.note());
  CHECK_FALSE(read_override(f.directory / "lasting.json")->has_value());
  CHECK_TRUE(read_override(f.directory / "override.json")->has_value());
  f.controller->go_automatic(f.note());
  check_no_override();
}
