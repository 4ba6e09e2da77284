// The engine against a plain one that evaluates everything from scratch, on random policies and events.
#include <algorithm>
#include <random>

#include "core/base/text.h"
#include "core/policy/engine.h"
#include "tests/core/policy/policy_helpers.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_settings.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

namespace {

using Random = std::mt19937;

// What is true of the machine, kept as plainly as can be.
struct Machine {
  std::map<ProcessId, Process> processes;
  std::map<std::string, bool> cgroups;
  std::map<std::string, Instant> signals;  // member → when it came last; gone when ended
  std::optional<PropertyValue> property;
  PowerSeen power;
  std::optional<Instant> pressure;
};

const PropertyName property_name{.name = "org.x", .path = "/x", .interface = "org.x.I", .property = "P"};
const PressureCondition trigger{PressureResource::cpu, false, 100ms, 1500ms};

bool glob_any(const std::vector<std::string>& globs, const std::string& text) {
  return std::ranges::any_of(globs, [&](const auto& glob) { return glob_match(glob, text); });
}

struct Holds {
  const Machine& machine;
  Instant now;

  bool operator()(const ProcessCondition& c) const {
    return std::ranges::any_of(machine.processes, [&](const auto& entry) { return c.matches(entry.second); });
  }
  // Only paths of one segment are used here, so that a glob is a glob.
  bool operator()(const CgroupCondition& c) const {
    return std::ranges::any_of(machine.cgroups, [&](const auto& entry) {
      return glob_any(c.paths, entry.first) && (c.exists || entry.second);
    });
  }
  bool operator()(const SignalCondition& c) const {
    const auto came = machine.signals.find(c.signal.member);
    return came != machine.signals.end() && (!c.lasts || now < came->second + *c.lasts);
  }
  bool operator()(const PropertyCondition& c) const {
    return machine.property && std::ranges::count(c.values, *machine.property) > 0;
  }
  bool operator()(const PowerCondition& c) const {
    return (c.sources.empty() || (machine.power.source && std::ranges::count(c.sources, *machine.power.source) > 0)) &&
           (c.profiles.empty() ||
            (machine.power.profile && std::ranges::count(c.profiles, *machine.power.profile) > 0));
  }
  bool operator()(const PressureCondition&) const {
    return machine.pressure && now < *machine.pressure + 2 * trigger.window;
  }
  bool operator()(const TimeCondition&) const { return false; }  // time_window_test.cc
};

// Goes through time in steps of a hundred milliseconds, in which all of these tests' times are whole numbers, and looks
// at everything in each.
class Reference {
 public:
  explicit Reference(Policy policy) : policy_(std::move(policy)), rules_(policy_.rules.size()) {}

  void tick(const Machine& machine, Instant now) {
    for (std::size_t i = 0; i < rules_.size(); ++i) step(policy_.rules[i], rules_[i], machine, now);
  }

  std::string winner() const {
    std::vector<std::tuple<int, bool, Duration, std::string>> order;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const auto& rule = policy_.rules[i];
      if (!rules_[i].counts) continue;
      order.emplace_back(-rule.priority, rule.when.empty(), -rules_[i].active_since.time_since_epoch(), rule.id());
    }
    return order.empty() ? "" : std::get<3>(std::ranges::min(order));
  }

 private:
  struct State {
    std::optional<Instant> held_since;
    std::optional<Instant> lost_at;
    bool counts = false;
    Instant active_since{};
  };

  static bool any(const std::vector<ConditionSet>& sets, const Holds& holds) {
    return std::ranges::any_of(sets, [&](const auto& set) {
      return std::ranges::all_of(set, [&](const auto& condition) { return std::visit(holds, condition); });
    });
  }

  // Delays and lingers that are over first, then what holds now: as docs/policy.md has it.
  static void step(const Rule& rule, State& state, const Machine& machine, Instant now) {
    if (!state.counts && state.held_since && now >= *state.held_since + rule.delay) begin(rule, state);
    if (state.counts && state.lost_at && now >= *state.lost_at + rule.linger) state = {};
    const Holds holds{machine, now};
    if ((rule.when.empty() || any(rule.when, holds)) && !any(rule.unless, holds)) {
      state.lost_at.reset();
      if (!state.held_since) state.held_since = now;
      if (!state.counts && now >= *state.held_since + rule.delay) begin(rule, state);
    } else if (!state.counts) {
      state = {};
    } else {
      if (!state.lost_at) state.lost_at = now;
      if (now >= *state.lost_at + rule.linger) state = {};
    }
  }

  static void begin(const Rule& rule, State& state) {
    state.counts = true;
    state.active_since = *state.held_since + rule.delay;
  }

  Policy policy_;
  std::vector<State> rules_;
};

unsigned below(Random& random, unsigned limit) { return static_cast<unsigned>(random() % limit); }
std::string letter(Random& random) { return std::string(1, static_cast<char>('a' + below(random, 4))); }

Condition random_condition(Random& random) {
  switch (below(random, 7)) {
    case 0: return comm({letter(random)});
    case 1: return comm({letter(random) + "*", "*" + letter(random)});
    case 2: return CgroupCondition{{"/" + letter(random), "/" + letter(random) + "?"}, below(random, 2) == 0};
    case 3:
      return SignalCondition{{.member = letter(random)}, 300ms * (1 + below(random, 5)), SignalMatch{.member = "End"}};
    case 4: return PropertyCondition{property_name, {std::int64_t{below(random, 3)}}};
    case 5: return PowerCondition{{below(random, 2) == 0 ? PowerSource::ac : PowerSource::battery}, {}};
    default: return trigger;
  }
}

std::vector<ConditionSet> random_sets(Random& random, unsigned most) {
  std::vector<ConditionSet> sets(below(random, most + 1));
  for (auto& set : sets) {
    for (auto count = 1 + below(random, 2); count > 0; --count) set.push_back(random_condition(random));
  }
  return sets;
}

Policy random_policy(Random& random) {
  std::vector<Rule> rules;
  for (auto count = 1 + below(random, 8); count > 0; --count) {
    auto rule = rule_of("r" + std::to_string(count), "use" + std::to_string(count), static_cast<int>(below(random, 3)),
                        random_sets(random, 2));
    rule.file = letter(random) + ".toml";
    rule.unless = random_sets(random, 1);
    rule.delay = 100ms * (below(random, 3) * 4);
    rule.linger = 100ms * (below(random, 3) * 5);
    rules.push_back(std::move(rule));
  }
  return policy_of(std::move(rules));
}

Event random_event(Random& random, Machine& machine, Instant now) {
  const auto pid = static_cast<std::int32_t>(1 + below(random, 5));
  switch (below(random, 9)) {
    case 0:
    case 1: {
      const auto process = process_of(pid, letter(random) + (below(random, 2) == 0 ? letter(random) : ""));
      machine.processes[process.id] = process;
      return ProcessSeen{process};
    }
    case 2: machine.processes.erase({pid, 1}); return ProcessGone{{pid, 1}};
    case 3: {
      const CgroupSeen cgroup{"/" + letter(random) + (below(random, 2) == 0 ? "x" : ""), below(random, 2) == 0};
      machine.cgroups[cgroup.path] = cgroup.populated;
      return cgroup;
    }
    case 4: {
      const CgroupGone gone{"/" + letter(random)};
      machine.cgroups.erase(gone.path);
      return gone;
    }
    case 5: {
      if (below(random, 3) == 0) {
        machine.signals.clear();
        return SignalSeen{{.member = "End"}};
      }
      const auto member = letter(random);
      machine.signals[member] = now;
      return SignalSeen{{.member = member}};
    }
    case 6:
      machine.property.reset();
      if (below(random, 4) != 0) machine.property = std::int64_t{below(random, 3)};
      return PropertySeen{property_name, machine.property};
    case 7:
      machine.power = {below(random, 2) == 0 ? PowerSource::ac : PowerSource::battery, std::nullopt};
      return machine.power;
    default: machine.pressure = now; return PressureSeen{trigger};
  }
}

// One random sequence; false with the place in `seed` when something differs.
void check_sequence(unsigned seed) {
  Random random(seed);
  fakes::FakeClock clock;
  const auto policy = random_policy(random);
  auto shuffled = policy;
  std::ranges::shuffle(shuffled.rules, random);
  Machine machine;
  Reference reference(policy);
  Engine engine;
  Engine other;
  engine.replace(policy);
  other.replace(shuffled);
  const auto context = fmt::format("seed {}", seed);
  std::string last;
  std::optional<Instant> next;
  for (int step = 0; step < 60; ++step) {
    const bool quiet = below(random, 3) != 0;
    reference.tick(machine, clock.now());  // what is due now happens before an event
    if (!quiet) {
      const auto event = random_event(random, machine, clock.now());
      engine.apply(event, clock.now());
      other.apply(event, clock.now());
    }
    reference.tick(machine, clock.now());
    const auto now = engine.decide(clock.now()).rule;
    STRCMP_EQUAL_TEXT(reference.winner().c_str(), now.c_str(), context.c_str());
    STRCMP_EQUAL_TEXT(now.c_str(), other.decide(clock.now()).rule.c_str(), context.c_str());
    // Without an event and before next_change() nothing changes: no oscillation.
    if (quiet && step > 0 && (!next || clock.now() < *next))
      STRCMP_EQUAL_TEXT(last.c_str(), now.c_str(), context.c_str());
    last = now;
    next = engine.next_change();
    clock.advance(100ms);
  }
}

}  // namespace

TEST_GROUP(EngineReference){};

TEST(EngineReference, random_sequences_agree_in_any_order_of_rules) {
  const unsigned first = first_seed();
  const unsigned count = long_run() ? 100'000 : 1'000;
  for (unsigned seed = first; seed < first + count; ++seed) check_sequence(seed);
}
