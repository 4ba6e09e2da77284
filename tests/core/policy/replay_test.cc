// Same events in the same order at the same times give the same decisions, however often and late somebody asks.
#include <algorithm>
#include <random>

#include "core/policy/engine.h"
#include "tests/core/policy/policy_helpers.h"
#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

namespace {

struct Step {
  Duration after;
  Event event;
};

constexpr int names = 5;

std::string name_of(unsigned number) { return "p" + std::to_string(number % names); }

Policy random_policy(std::mt19937& random) {
  std::vector<Rule> rules;
  for (unsigned i = 0; i < 6; ++i) {
    std::vector<ConditionSet> when;
    for (auto sets = random() % 3; sets > 0; --sets) when.push_back({comm({name_of(random())})});
    Rule rule = rule_of("r" + std::to_string(i), "use-" + std::to_string(i), static_cast<int>(random() % 3), when);
    rule.delay = std::chrono::milliseconds(random() % 3 * 700);
    rule.linger = std::chrono::milliseconds(random() % 3 * 900);
    if (random() % 3 == 0) rule.unless = {{comm({name_of(random())})}};
    rules.push_back(rule);
  }
  return policy_of(rules);
}

std::vector<Step> random_script(std::mt19937& random) {
  std::vector<Step> script;
  for (int i = 0; i < 200; ++i) {
    const auto pid = static_cast<std::int32_t>(random() % 8);
    Event event = ProcessSeen{process_of(pid, name_of(random()))};
    if (random() % 2 == 0) event = ProcessGone{{pid, 1}};
    if (random() % 20 == 0) event = ProcessSnapshot{{process_of(pid, name_of(random()))}};
    script.push_back({std::chrono::milliseconds(random() % 800), event});
  }
  return script;
}

// The decisions after each step; in between `curious` looks as often as it likes.
std::vector<Decision> play(const Policy& policy, const std::vector<Step>& script, std::mt19937* curious) {
  fakes::FakeClock clock;
  Engine engine;
  engine.replace(policy);
  (void)engine.decide(clock.now());
  std::vector<Decision> decisions;
  for (const auto& step : script) {
    Duration left = step.after;
    while (curious != nullptr && (*curious)() % 4 != 0) {
      const Duration part = left * static_cast<int>((*curious)() % 4) / 3;
      clock.advance(part);
      left -= part;
      (void)engine.decide(clock.now());
    }
    clock.advance(left);
    engine.apply(step.event, clock.now());
    decisions.push_back(engine.decide(clock.now()));
  }
  return decisions;
}

}  // namespace

TEST_GROUP(Replay){};

TEST(Replay, the_same_events_give_the_same_decisions) {
  std::size_t switches = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const Policy policy = random_policy(random);
    const auto script = random_script(random);
    const auto first = play(policy, script, nullptr);
    CHECK_TRUE(first == play(policy, script, nullptr));
    for (std::size_t i = 1; i < first.size(); ++i) switches += first[i].choice == first[i - 1].choice ? 0 : 1;
  }
  CHECK_TRUE(switches > 200);
}

TEST(Replay, looking_in_between_changes_nothing) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const Policy policy = random_policy(random);
    const auto script = random_script(random);
    CHECK_TRUE(play(policy, script, nullptr) == play(policy, script, &random));
  }
}

TEST(Replay, between_two_events_the_answer_changes_only_when_next_change_says_so) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    fakes::FakeClock clock;
    Engine engine;
    engine.replace(random_policy(random));
    for (const auto& step : random_script(random)) {
      auto last = engine.decide(clock.now());
      const auto next = engine.next_change();
      const Duration quiet = next ? std::min(step.after, *next - clock.now() - 1ns) : step.after;
      CHECK_TRUE(quiet >= 0ns);
      clock.advance(quiet);
      CHECK_TRUE(engine.decide(clock.now()) == last);
      clock.advance(step.after - quiet);
      engine.apply(step.event, clock.now());
    }
  }
}
