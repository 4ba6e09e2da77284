// What the controller tells a watcher, and that playing it again gives the same decisions.
#include <random>

#include "core/bus/event_json.h"
#include "tests/core/control/controller_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

namespace {

// As WatchStream does, into a text.
class Recorder final : public Watcher {
 public:
  Recorder(Controller& controller, Instant beginning) : beginning_(beginning) {
    add(beginning, action_json(controller.snapshot(), beginning));
    if (const auto& present = controller.snapshot().present) {
      decisions.push_back(key({}, present->choice.scheduler, present->choice.mode, present->cause, present->rule));
    }
    controller.set_watcher(this);
  }
  void saw(Instant at, const SimulatedAction& action) override { add(at, action_json(action, at)); }
  void decided(Instant at, const Decision& decision) override {
    add(at, decision_json(decision));
    decisions.push_back(key(at - beginning_, decision));
  }
  void happened(Instant at, const HistoryEntry& entry) override { add(at, happened_json(entry)); }

  static std::string key(Duration at, const std::string& scheduler, const std::string& mode, Cause cause,
                         const std::string& rule) {
    return fmt::format("{} {} {} {} {}", at.count(), scheduler, mode, to_string(cause), rule);
  }
  static std::string key(Duration at, const Decision& decision) {
    return key(at, decision.choice.name(), decision.choice.mode, decision.cause, decision.rule);
  }

  std::string text;
  std::vector<std::string> decisions;

 private:
  void add(Instant at, const std::string& object) { text += script_line(at - beginning_, object); }

  Instant beginning_;
};

}  // namespace

TEST_GROUP(Watch) {
  ControllerFixture f;

  static std::vector<std::string> replay(const Policy& policy, const std::string& text) {
    const auto steps = parse_event_script(text, "recording");
    CHECK_TEXT(steps.has_value(), steps ? "" : steps.error().describe().c_str());
    const auto outcomes = simulate(policy, *steps, {});
    CHECK_TEXT(outcomes.has_value(), outcomes ? "" : outcomes.error().describe().c_str());
    std::vector<std::string> decisions;
    for (const auto& outcome : *outcomes) decisions.push_back(Recorder::key(outcome.at, outcome.decision));
    return decisions;
  }
  // Lets time pass as the daemon does, on time.
  static void pass(ControllerFixture & m, Duration duration) {
    const Instant end = m.clock.now() + duration;
    for (m.progress(); m.controller->deadline() && *m.controller->deadline() <= end; m.progress()) {
      const Instant next = *m.controller->deadline();
      if (next > m.clock.now()) m.clock.advance(next - m.clock.now());
      m.controller->tick();
    }
    m.clock.advance(end - m.clock.now());
  }
  static Policy random_policy(const ControllerFixture& m, std::mt19937& random) {
    auto policy = m.policy({"a", "b", "c"});
    for (auto& rule : policy.rules) {
      rule.delay = std::chrono::milliseconds(random() % 3 * 700);
      rule.linger = std::chrono::milliseconds(random() % 3 * 900);
      rule.priority = static_cast<int>(random() % 3);
    }
    SignalCondition signal;
    signal.signal.member = "Ping";
    signal.lasts = 5s;
    policy.rules[1].unless = {{signal}};
    policy.rules[2].when.push_back({PressureCondition{.resource = PressureResource::cpu, .full = false, .stall = 1s}});
    policy.settings.dwell = std::chrono::seconds(random() % 3);
    return policy;
  }
  static void random_step(ControllerFixture & m, std::mt19937 & random, const Policy& policy) {
    const std::vector<std::string> names{"a", "b", "c"};
    switch (random() % 12) {
      case 0: m.run(names[random() % 3], random() % 2 == 0 ? "fast" : ""); break;
      case 1: m.controller->stop("anna", m.note()); break;
      case 2: m.controller->go_automatic(m.note()); break;
      case 3: m.bad_runs = {names[random() % 3]}; break;
      case 4: m.trigger.tell(SignalSeen{*m.trigger.interests().signals.begin()}); break;
      case 5: m.trigger.tell(PressureSeen{*m.trigger.interests().pressures.begin()}); break;
      case 6: m.controller->replace(policy); break;
      case 7:
      case 8: m.processes.end(static_cast<std::int32_t>(random() % 4 + 1)); break;
      default: m.processes.begin(static_cast<std::int32_t>(random() % 4 + 1), names[random() % 3]);
    }
  }
};

TEST(Watch, what_is_recorded_plays_back_to_the_same_decisions) {
  std::size_t told = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    ControllerFixture m;
    const auto policy = random_policy(m, random);
    m.boot(policy);
    const auto begin = random() % 40;
    std::unique_ptr<Recorder> recorder;
    for (unsigned step = 0; step < 120; ++step) {
      if (step == begin) recorder = std::make_unique<Recorder>(*m.controller, m.clock.now());
      random_step(m, random, policy);
      pass(m, std::chrono::milliseconds(random() % 1500));
    }
    m.controller->set_watcher(nullptr);
    const auto replayed = replay(policy, recorder->text);
    for (std::size_t i = 0; i < std::max(replayed.size(), recorder->decisions.size()); ++i) {
      const auto at = fmt::format("seed {} decision {}", seed, i);
      STRCMP_EQUAL_TEXT(i < recorder->decisions.size() ? recorder->decisions[i].c_str() : "none",
                        i < replayed.size() ? replayed[i].c_str() : "none", at.c_str());
    }
    told += replayed.size();
  }
  CHECK_TRUE(told > 1000);
}

TEST(Watch, holds_play_back) {
  const auto policy = f.policy({"a", "b"});
  f.boot(policy);
  Recorder recorder(*f.controller, f.clock.now());
  f.processes.begin(1, "a");
  pass(f, 10s);
  std::uint32_t id = 0;
  f.controller->hold(
      {"b", "fast", "a game", ":1.7"}, [&](std::uint32_t made) { id = made; }, [](auto, auto) {});
  pass(f, 10s);
  f.controller->release_hold(id);
  pass(f, 10s);
  f.controller->set_watcher(nullptr);
  const auto replayed = replay(policy, recorder.text);
  LONGS_EQUAL(recorder.decisions.size(), replayed.size());
  for (std::size_t i = 0; i < replayed.size(); ++i) STRCMP_EQUAL(recorder.decisions[i].c_str(), replayed[i].c_str());
  CHECK_TRUE(replayed.size() >= 4);  // the default, the rule, the hold, the rule
}

TEST(Watch, nobody_is_told_after_the_end) {
  f.boot(f.policy({"a"}));
  Recorder recorder(*f.controller, f.clock.now());
  f.processes.begin(1, "a");
  f.controller->set_watcher(nullptr);
  const auto before = recorder.text;
  CHECK_TRUE(before.find("\"event\":\"process\"") != std::string::npos);
  f.processes.end(1);
  STRCMP_EQUAL(before.c_str(), recorder.text.c_str());
}

TEST(Watch, values_of_environments_are_in_no_line) {
  auto policy = f.policy({"a"});
  ProcessCondition condition;
  condition.env = {{"TOKEN", Patterns{{"*"}}}};
  policy.rules[0].when = {{condition}};
  f.boot(policy);
  Process process;
  process.id = {7, 1};
  process.comm = "x";
  process.environment = {{"TOKEN", "secret"}};
  f.trigger.tell(ProcessSeen{process});
  Recorder recorder(*f.controller, f.clock.now());  // the snapshot knows it
  process.id = {8, 1};
  f.trigger.tell(ProcessSeen{process});
  f.trigger.tell(ProcessSnapshot{{process}});
  f.controller->set_watcher(nullptr);
  CHECK_TRUE(recorder.text.find("TOKEN") != std::string::npos);
  CHECK_TRUE(recorder.text.find("secret") == std::string::npos);
  CHECK_TRUE(replay(policy, recorder.text).at(0).find("test.toml/a") != std::string::npos);
}

TEST(Watch, a_new_policy_is_told_with_what_the_sources_then_say) {
  f.boot(f.policy({"a"}));
  Recorder recorder(*f.controller, f.clock.now());
  f.trigger.on_watch = [&] { f.trigger.tell(ZoneChanged{"Europe/Berlin"}); };
  f.controller->replace(f.policy({"a", "b"}));
  f.controller->set_watcher(nullptr);
  CHECK_TRUE(recorder.text.find(R"("event":"reload","events":[)") != std::string::npos);
  CHECK_TRUE(recorder.text.find(R"({"event":"zone","zone":"Europe/Berlin"}])") != std::string::npos);
  (void)replay(f.policy({"a", "b"}), recorder.text);
}
