#include "core/control/controller.h"

#include <algorithm>
#include <random>

#include "tests/core/control/controller_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Controller) {
  ControllerFixture f;

  void check_attached(const char* scheduler) {
    CHECK_TRUE(f.settle());
    STRCMP_EQUAL(scheduler, f.attached().c_str());
    STRCMP_EQUAL("", f.discrepancy().c_str());
    CHECK_TRUE(f.idle());
  }
  Policy with_dwell(Duration dwell) {
    auto policy = f.policy({"a", "b"});
    policy.settings.dwell = dwell;
    return policy;
  }
};

TEST(Controller, with_nothing_to_do_it_has_no_timer) {
  f.boot(f.policy({"a"}));
  CHECK_TRUE(f.settle());
  CHECK_TRUE(f.idle());
  STRCMP_EQUAL("kernel", f.wanted().c_str());
  LONGS_EQUAL(0, f.machine.runs.size());
}

TEST(Controller, rules_switch_schedulers_as_processes_come_and_go) {
  f.boot(f.policy({"a", "b"}));
  f.processes.begin(1, "a");
  check_attached("a");
  f.clock.advance(1s);
  f.processes.begin(2, "b");
  check_attached("b");
  f.processes.end(2);
  check_attached("a");
  f.processes.end(1);
  check_attached("");
}

TEST(Controller, processes_that_run_already_count) {
  f.processes.begin(1, "a");
  f.boot(f.policy({"a"}));
  check_attached("a");
}

TEST(Controller, delay_and_linger_are_waited_out_by_deadline) {
  auto policy = f.policy({"a"});
  policy.rules[0].delay = 10s;
  policy.rules[0].linger = 5s;
  f.boot(policy);
  const Instant begun = f.clock.now();
  f.processes.begin(1, "a");
  CHECK_TRUE(*f.controller->deadline() == begun + 10s);
  check_attached("a");
  const Instant ended = f.clock.now();
  CHECK_TRUE(ended - begun >= 10s);
  f.processes.end(1);
  CHECK_TRUE(*f.controller->deadline() == ended + 5s);
  check_attached("");
}

TEST(Controller, the_fallback_runs_when_no_rule_holds) {
  auto policy = f.policy({"a", "b"});
  policy.fallback = *choose(policy.schedulers[1], "");
  f.boot(policy);
  check_attached("b");
  f.processes.begin(1, "a");
  check_attached("a");
  f.processes.end(1);
  check_attached("b");
}

TEST(Controller, images_of_rules_and_fallback_are_made_ready_beforehand) {
  auto policy = f.policy({"a", "b", "c"});
  policy.fallback = *choose(policy.schedulers[2], "");
  policy.rules.erase(policy.rules.begin() + 1);
  f.make(policy);
  LONGS_EQUAL(2, f.machine.image_requests.size());
  STRCMP_EQUAL("oci:/images:a", f.machine.image_requests[0].first.c_str());
  STRCMP_EQUAL("oci:/images:c", f.machine.image_requests[1].first.c_str());
}

TEST(Controller, nothing_is_switched_before_start) {
  f.processes.begin(1, "a");
  f.make(f.policy({"a"}));
  f.progress();
  LONGS_EQUAL(0, f.machine.runs.size());
  CHECK_TRUE(f.controller->start().has_value());
  check_attached("a");
}

TEST(Controller, without_a_source_of_processes_it_does_not_start) {
  f.processes.start_error = Error{Errc::denied, "no connector", {}};
  f.make(f.policy({"a"}));
  const auto started = f.controller->start();
  CHECK_FALSE(started.has_value());
  STRCMP_EQUAL("no connector", started.error().text.c_str());
}

TEST(Controller, dwell_keeps_automatic_switches_apart) {
  f.boot(with_dwell(2s));
  f.clock.advance(1h);
  const Instant first = f.clock.now();
  f.processes.begin(1, "a");
  check_attached("a");
  f.clock.advance(1s);
  f.processes.begin(2, "b");
  STRCMP_EQUAL("a", f.wanted().c_str());
  CHECK_TRUE(*f.controller->deadline() == first + 2s);
  check_attached("b");
  CHECK_TRUE(f.clock.now() >= first + 2s);
}

TEST(Controller, what_is_over_before_the_dwell_ends_is_not_switched_to) {
  f.boot(with_dwell(2s));
  f.clock.advance(1h);
  f.processes.begin(1, "a");
  check_attached("a");
  f.clock.advance(1s);
  f.processes.begin(2, "b");
  f.processes.end(2);
  CHECK_TRUE(f.idle());
  check_attached("a");
  LONGS_EQUAL(1, f.machine.runs.size());
}

TEST(Controller, after_the_dwell_a_switch_is_made_at_once) {
  f.boot(with_dwell(2s));
  f.clock.advance(1h);
  f.processes.begin(1, "a");
  check_attached("a");
  f.clock.advance(2s);
  f.processes.begin(2, "b");
  STRCMP_EQUAL("b", f.wanted().c_str());
}

TEST(Controller, commands_do_not_dwell) {
  f.boot(with_dwell(1h));
  f.clock.advance(2h);
  f.processes.begin(1, "a");
  check_attached("a");
  const Instant before = f.clock.now();
  f.run("b");
  check_attached("b");
  f.controller->go_automatic(f.note());
  check_attached("a");
  f.bad_runs = {"b"};
  f.run("b");
  check_attached("a");
  CHECK_TRUE(f.clock.now() - before < 1min);
}

TEST(Controller, a_new_policy_sets_the_filter_only_when_it_is_another_one) {
  f.boot(f.policy({"a"}));
  f.controller->replace(f.policy({"a"}));
  LONGS_EQUAL(0, f.processes.filter_changes);
  f.processes.begin(2, "b");
  f.controller->replace(f.policy({"a", "b"}));
  LONGS_EQUAL(1, f.processes.filter_changes);
  CHECK_TRUE((f.processes.filter.exact == std::set<std::string>{"a", "b"}));
  check_attached("b");
}

TEST(Controller, a_filter_that_cannot_be_set_is_logged_and_tried_again) {
  f.boot(f.policy({"a"}));
  f.processes.filter_error = Error{Errc::io, "no room", {}};
  f.controller->replace(f.policy({"a", "b"}));
  STRCMP_EQUAL("trigger source fake watches what it did before: no room", f.logged.back().c_str());
  const auto lines = f.logged.size();
  f.controller->replace(f.policy({"a", "b"}));
  LONGS_EQUAL(lines, f.logged.size());  // once is enough
  f.processes.filter_error.reset();
  f.controller->replace(f.policy({"a", "b"}));
  LONGS_EQUAL(3, f.processes.filter_changes);
}

TEST(Controller, without_another_source_it_starts_and_says_so) {
  f.trigger.error = Error{Errc::unsupported, "no bus here", {}};
  f.processes.begin(1, "a");
  f.boot(f.policy({"a"}));
  check_attached("a");
  STRCMP_EQUAL("trigger source fake-trigger watches nothing: no bus here", f.logged.front().c_str());
  STRCMP_EQUAL("for tests\nno bus here", f.controller->status().sources.at(1).detail.c_str());
}

TEST(Controller, a_source_that_failed_is_started_with_the_next_policy) {
  f.trigger.error = Error{Errc::unsupported, "no bus here", {}};
  f.boot(f.policy({"a"}));
  f.trigger.error.reset();
  f.controller->replace(f.policy({"a"}));
  LONGS_EQUAL(2, f.trigger.starts);
  LONGS_EQUAL(0, f.trigger.watches);
  STRCMP_EQUAL("for tests", f.controller->status().sources.at(1).detail.c_str());
  f.controller->replace(f.policy({"a"}));
  LONGS_EQUAL(2, f.trigger.starts);
  f.controller->replace(f.policy({"a", "b"}));
  LONGS_EQUAL(1, f.trigger.watches);
}

// What one source says while another has not spoken yet is half a picture.
TEST(Controller, nothing_is_decided_until_all_sources_have_told_what_is) {
  f.processes.begin(1, "a");
  f.processes.begin(2, "b");
  f.boot(f.policy({"a"}));
  check_attached("a");
  f.trigger.on_watch = [&] { STRCMP_EQUAL("a", f.wanted().c_str()); };
  auto policy = f.policy({"a", "b"});
  policy.rules[1].priority = 200;
  f.controller->replace(policy);
  LONGS_EQUAL(1, f.trigger.watches);
  check_attached("b");
}

TEST(Controller, a_policy_that_changes_the_running_program_switches_to_the_new_one) {
  f.boot(f.policy({"a"}));
  f.processes.begin(1, "a");
  check_attached("a");
  auto policy = f.policy({"a"});
  policy.rules[0].use.args = {"--other"};
  f.controller->replace(policy);
  check_attached("a");
  LONGS_EQUAL(2, f.machine.runs.size());
  CHECK_TRUE(f.machine.run().request().choice.args == std::vector<std::string>{"--other"});
}

TEST(Controller, a_policy_that_changes_nothing_of_it_leaves_it_alone) {
  f.boot(f.policy({"a"}));
  f.processes.begin(1, "a");
  check_attached("a");
  f.controller->replace(f.policy({"a", "b"}));
  check_attached("a");
  LONGS_EQUAL(1, f.machine.runs.size());
}

TEST(Controller, what_an_earlier_daemon_left_attached_is_kept) {
  const auto policy = f.policy({"a"});
  f.machine.left_over = {{{.choice = policy.rules[0].use, .image = {}}, 77}};
  f.machine.set_enabled(77, "a");
  f.processes.begin(1, "a");
  f.boot(policy);
  check_attached("a");
  LONGS_EQUAL(1, f.machine.runs.size());
  LONGS_EQUAL(77, f.controller->status().current->pid);
}

TEST(Controller, what_an_earlier_daemon_left_and_no_rule_wants_is_let_go) {
  const auto policy = f.policy({"a"});
  f.machine.left_over = {{{.choice = policy.rules[0].use, .image = {}}, 77}};
  f.machine.set_enabled(77, "a");
  f.boot(policy);
  check_attached("");
}

TEST(Controller, a_scheduler_that_fails_is_not_tried_again_by_itself) {
  f.boot(f.policy({"a", "b"}));
  f.bad_runs = {"b"};
  f.processes.begin(1, "a");
  check_attached("a");
  f.clock.advance(1s);
  f.processes.begin(2, "b");
  CHECK_TRUE(f.settle());
  STRCMP_EQUAL("a", f.attached().c_str());
  STRCMP_EQUAL("b", f.wanted().c_str());
  LONGS_EQUAL(2, f.machine.runs.size());
  CHECK_TRUE(f.idle());
}

TEST(Controller, reload_tries_again_what_failed) {
  auto policy = f.policy({"a"});
  policy.settings.strikes = 3;
  f.boot(policy);
  f.bad_runs = {"a"};
  f.processes.begin(1, "a");
  f.progress();
  STRCMP_EQUAL("", f.attached().c_str());
  f.bad_runs.clear();
  std::function<void()> finish_reading;
  f.controller->set_reader([&](std::function<void()> done) { finish_reading = std::move(done); });
  f.controller->reload(f.note());
  f.progress();
  CHECK_FALSE(f.answer.has_value());
  STRCMP_EQUAL("", f.attached().c_str());
  finish_reading();
  f.progress();
  CHECK_TRUE(f.answer && f.answer->has_value());
  check_attached("a");
}

TEST(Controller, a_reader_that_ends_after_the_controller_harms_nobody) {
  f.boot(f.policy({"a"}));
  std::function<void()> finish_reading;
  f.controller->set_reader([&](std::function<void()> done) { finish_reading = std::move(done); });
  f.controller->reload(f.note());
  f.controller.reset();
  finish_reading();
  CHECK_FALSE(f.answer.has_value());
}

TEST(Controller, shutting_down_leaves_the_attached_scheduler_running) {
  f.boot(f.policy({"a"}));
  f.processes.begin(1, "a");
  check_attached("a");
  bool done = false;
  f.controller->shut_down([&] { done = true; }, false);
  CHECK_TRUE(f.settle());
  CHECK_TRUE(done);
  CHECK_TRUE(f.machine.run().abandoned);
  STRCMP_EQUAL("a", f.attached().c_str());
}

TEST(Controller, each_change_is_told) {
  f.boot(f.policy({"a"}));
  const int before = f.changes;
  f.processes.begin(1, "a");
  CHECK_TRUE(f.changes > before);
}

TEST(Controller, a_switch_is_logged_with_its_cause) {
  f.boot(f.policy({"a"}));
  f.processes.begin(1, "a");
  check_attached("a");
  const auto said = [&](const std::string& text) {
    return std::ranges::any_of(f.logged, [&](const auto& line) { return line.starts_with(text); });
  };
  CHECK_TRUE(said("want a: rule test.toml/a holds"));
  CHECK_TRUE(said("switched from kernel to a: "));
}

// Whatever happens: it comes to rest without a timer, and status tells when the kernel's truth is not what is wanted.
TEST(Controller, it_always_comes_to_rest) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random(seed);
    const auto any = [&]() -> const std::string& { return names[random() % names.size()]; };
    ControllerFixture m;
    auto policy = m.policy(names);
    for (auto& rule : policy.rules) {
      rule.delay = std::chrono::seconds(random() % 3);
      rule.linger = std::chrono::seconds(random() % 3);
    }
    policy.settings.dwell = std::chrono::seconds(random() % 3);
    m.controller.reset();
    m.boot(policy);
    for (int step = 0; step < 100; ++step) {
      switch (random() % 9) {
        case 0: m.run(any()); break;
        case 1: m.controller->stop("anna", m.note()); break;
        case 2: m.controller->go_automatic(m.note()); break;
        case 3: m.bad_runs = {any()}; break;
        case 4: m.bad_images = {"oci:/images:" + any()}; break;
        case 5: m.processes.end(static_cast<std::int32_t>(random() % 4)); break;
        default: m.processes.begin(static_cast<std::int32_t>(random() % 4), any());
      }
      if (random() % 2 == 0) m.clock.advance(std::chrono::milliseconds(random() % 3000));
      if (random() % 2 == 0) m.progress();
      if (random() % 2 == 0) m.controller->tick();
      if (random() % 3 != 0) continue;
      CHECK_TRUE(m.settle());
      CHECK_TRUE(m.idle());
      const auto wanted = m.wanted() == "kernel" ? "" : m.wanted();
      CHECK_TRUE((m.attached() == wanted) == m.discrepancy().empty());
      CHECK_FALSE(m.controller->status().candidate.has_value());
    }
  }
}
