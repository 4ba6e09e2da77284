// The bus source against a real dbus-daemon.
#include "core/bus/bus_source.h"

#include <optional>
#include <vector>

#include "tests/core/bus/private_bus.h"
#include "tests/core/bus/test_service.h"
#include "tests/core/sched/loop_helpers.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(BusSource) {
  PrivateBus bus;
  Loop loop;
  std::vector<SignalMatch> signals;
  std::vector<std::optional<PropertyValue>> values;
  std::vector<PowerSeen> powers;
  std::unique_ptr<BusSource> source;
  const PropertyName mode{BusKind::system, "test.Name", TestService::path, TestService::interface,
                          TestService::property};

  void setup() override { CHECK_TRUE(bus.start()); }
  void teardown() override { source.reset(); }

  void start(const Interests& interests) {
    source = std::make_unique<BusSource>(loop, bus.address());
    CHECK_TRUE(source
                   ->start(interests,
                           [this](const Event& event) {
                             if (const auto* signal = std::get_if<SignalSeen>(&event)) signals.push_back(signal->match);
                             if (const auto* property = std::get_if<PropertySeen>(&event))
                               values.push_back(property->value);
                             if (const auto* power = std::get_if<PowerSeen>(&event)) powers.push_back(*power);
                           })
                   .has_value());
  }
  bool becomes(const std::optional<PropertyValue>& value) {
    return run_until(
        loop, [&] { return !values.empty() && values.back() == value; }, 20s);
  }
  bool hears(std::size_t count) {
    return run_until(
        loop, [&] { return signals.size() >= count; }, 20s);
  }
  std::unique_ptr<TestService> service(const std::string& name) {
    auto made = std::make_unique<TestService>(loop, bus.address(), name);
    CHECK_TRUE(made->ok);
    return made;
  }
  // Whatever was sent before has been dealt with when a property that is asked for now is known.
  void settle() {
    const auto before = values.size();
    auto fence = service("test.Name");
    CHECK_TRUE(run_until(
        loop, [&] { return values.size() > before; }, 20s));
  }
  bool says(const char* text) { return source->status().detail.find(text) != std::string::npos; }
};

TEST(BusSource, without_an_interest_there_is_no_connection) {
  start({});
  CHECK_FALSE(loop.run_once(false));
  CHECK_TRUE(says("nothing is open"));
}

TEST(BusSource, a_property_is_read_and_followed) {
  auto owner = service("test.Name");
  start({.properties = {mode}});
  CHECK_TRUE(becomes("quiet"));
  owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "s", "loud"); };
  owner->changed();
  CHECK_TRUE(becomes("loud"));
  LONGS_EQUAL(1, owner->gets);
  owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "u", 7U); };
  owner->invalidated();
  CHECK_TRUE(becomes(std::int64_t{7}));
  LONGS_EQUAL(2, owner->gets);
  owner.reset();
  CHECK_TRUE(becomes(std::nullopt));
  CHECK_TRUE(says("nobody owns test.Name"));
  owner = service("test.Name");
  CHECK_TRUE(becomes("quiet"));
  LONGS_EQUAL(5, values.size());
  CHECK_FALSE(says("nobody"));
}

TEST(BusSource, each_type_that_can_be_compared_is_read) {
  struct Case {
    std::function<void(sd_bus_message*)> write;
    PropertyValue value;
  };
  const std::vector<Case> cases{
      {[](auto* m) { sd_bus_message_append(m, "v", "b", 1); }, true},
      {[](auto* m) { sd_bus_message_append(m, "v", "y", 200); }, std::int64_t{200}},
      {[](auto* m) { sd_bus_message_append(m, "v", "n", -5); }, std::int64_t{-5}},
      {[](auto* m) { sd_bus_message_append(m, "v", "q", 60000); }, std::int64_t{60000}},
      {[](auto* m) { sd_bus_message_append(m, "v", "i", -70000); }, std::int64_t{-70000}},
      {[](auto* m) { sd_bus_message_append(m, "v", "x", INT64_C(-1) << 40); }, -(std::int64_t{1} << 40)},
      {[](auto* m) { sd_bus_message_append(m, "v", "t", UINT64_C(1) << 40); }, std::int64_t{1} << 40},
      {[](auto* m) { sd_bus_message_append(m, "v", "d", 0.5); }, 0.5},
      {[](auto* m) { sd_bus_message_append(m, "v", "o", "/a/b"); }, "/a/b"},
      {[](auto* m) { sd_bus_message_append(m, "v", "g", "a{sv}"); }, "a{sv}"}};
  auto owner = service("test.Name");
  start({.properties = {mode}});
  CHECK_TRUE(becomes("quiet"));
  for (const auto& one : cases) {
    owner->write = one.write;
    owner->changed();
    CHECK_TRUE(becomes(one.value));
  }
}

TEST(BusSource, a_value_that_cannot_be_compared_is_no_value_and_is_noted) {
  auto owner = service("test.Name");
  start({.properties = {mode}});
  CHECK_TRUE(becomes("quiet"));
  owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "as", 1, "x"); };
  owner->changed();
  CHECK_TRUE(becomes(std::nullopt));
  CHECK_TRUE(says("D-Bus type \"as\" cannot be compared"));
  owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "t", UINT64_MAX); };
  owner->invalidated();
  CHECK_TRUE(run_until(
      loop, [&] { return says("too large"); }, 20s));
  CHECK_TRUE(becomes(std::nullopt));
}

TEST(BusSource, a_property_that_is_not_there_is_noted) {
  auto owner = service("test.Name");
  auto wrong = mode;
  wrong.property = "Missing";
  start({.properties = {wrong}});
  CHECK_TRUE(becomes(std::nullopt));
  CHECK_TRUE(says("test.Interface.Missing: no such property"));
}

TEST(BusSource, more_properties_than_a_bus_answers_at_once_are_all_read) {
  auto owner = service("test.Name");
  Interests interests;
  for (int i = 0; i < 300; ++i) {
    auto property = mode;
    property.property = "P" + std::to_string(i);
    interests.properties.insert(property);
  }
  start(interests);
  CHECK_TRUE(run_until(
      loop, [&] { return values.size() == 300; }, 20s));
  LONGS_EQUAL(300, owner->gets);
  CHECK_TRUE(says("and 290 more"));
}

// Anybody may send a signal that looks like the owner's.
TEST(BusSource, what_others_say_of_a_property_is_ignored) {
  auto owner = service("test.Name");
  start({.properties = {mode}});
  CHECK_TRUE(becomes("quiet"));
  auto liar = service("");
  liar->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "s", "lie"); };
  // Straight to us, past the match rule.
  sd_bus_message* raw = nullptr;
  sd_bus_message_new_signal(liar->bus(), &raw, TestService::path, "org.freedesktop.DBus.Properties",
                            "PropertiesChanged");
  const auto message = Message::adopt(raw);
  sd_bus_message_append(raw, "sa{sv}as", TestService::interface, 1, TestService::property, "s", "lie", 0);
  sd_bus_message_set_destination(raw, ":1.1");
  sd_bus_send(liar->bus(), raw, nullptr);
  liar->changed();
  owner->write = [](sd_bus_message* m) { sd_bus_message_append(m, "v", "s", "true"); };
  CHECK_TRUE(sd_bus_call_method(liar->bus(), "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                "GetId", nullptr, nullptr, "") >= 0);
  owner->changed();
  CHECK_TRUE(becomes("true"));
  LONGS_EQUAL(2, values.size());
}

TEST(BusSource, signals_are_told_by_all_that_a_match_says) {
  SignalMatch match{.sender = "test.Sender", .path = "/a", .interface = "x.Y", .member = "Go"};
  match.args = {{1, "we*"}, {2, "/o/p"}};
  auto sender = service("test.Sender");
  auto other = service("");
  start({.signals = {match}, .properties = {mode}});
  settle();
  const auto emit = [](TestService& from, const char* path, const char* member, const char* text, const char* object) {
    sd_bus_emit_signal(from.bus(), path, "x.Y", member, "aisov", 1, 5, text, object, "i", 3);
  };
  emit(*other, "/a", "Go", "west", "/o/p");
  emit(*sender, "/b", "Go", "west", "/o/p");
  emit(*sender, "/a", "Stop", "west", "/o/p");
  emit(*sender, "/a", "Go", "east", "/o/p");
  emit(*sender, "/a", "Go", "west", "/o/q");
  sd_bus_emit_signal(sender->bus(), "/a", "x.Y", "Go", "s", "too short");
  emit(*sender, "/a", "Go", "west", "/o/p");
  CHECK_TRUE(hears(1));
  settle();
  LONGS_EQUAL(1, signals.size());
  CHECK_TRUE(signals[0] == match);
}

TEST(BusSource, a_match_rule_asks_the_bus_for_as_little_as_it_can_say) {
  SignalMatch match{.sender = "a.B", .path = "/p", .interface = "i.J", .member = "M"};
  match.args = {{0, "exact"}, {1, "gl*b"}, {2, "it's"}, {3, "/path"}, {4, ""}};
  STRCMP_EQUAL("type='signal',sender='a.B',path='/p',interface='i.J',member='M',arg0='exact',arg3path='/path'",
               match_rule(match).c_str());
  STRCMP_EQUAL("type='signal'", match_rule({}).c_str());
}

TEST(BusSource, new_interests_replace_the_old_ones) {
  auto owner = service("test.Name");
  start({.properties = {mode}});
  CHECK_TRUE(becomes("quiet"));
  SignalMatch match{.interface = "x.Y"};
  CHECK_TRUE(source->watch({.signals = {match}, .properties = {mode}}).has_value());
  LONGS_EQUAL(2, values.size());  // what is known is told again
  sd_bus_emit_signal(owner->bus(), "/a", "x.Z", "M", "");
  owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "s", "loud"); };
  owner->changed();
  CHECK_TRUE(becomes("loud"));
  sd_bus_emit_signal(owner->bus(), "/a", "x.Y", "M", "");
  CHECK_TRUE(hears(1));
  CHECK_TRUE(source->watch({}).has_value());
  CHECK_TRUE(says("nothing is open"));
}

// docs: a bus that dies never takes the daemon down.
TEST(BusSource, a_bus_that_dies_and_comes_back_is_read_anew) {
  SignalMatch match{.sender = "test.Sender", .interface = "x.Y"};
  auto owner = service("test.Name");
  start({.signals = {match}, .properties = {mode}, .power_source = true});
  CHECK_TRUE(becomes("quiet"));
  for (int i = 0; i < 3; ++i) {
    bus.kill();
    CHECK_TRUE(becomes(std::nullopt));
    CHECK_TRUE(run_until(
        loop, [&] { return says("does not answer"); }, 20s));
    owner.reset();
    CHECK_TRUE(bus.start());
    owner = service("test.Name");
    CHECK_TRUE(becomes("quiet"));
    auto sender = service("test.Sender");
    owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "s", "settled"); };
    owner->changed();
    CHECK_TRUE(becomes("settled"));
    sd_bus_emit_signal(sender->bus(), "/a", "x.Y", "M", "");
    CHECK_TRUE(hears(static_cast<std::size_t>(i) + 1));
    CHECK_FALSE(says("does not answer"));
    owner->write = [](sd_bus_message* message) { sd_bus_message_append(message, "v", "s", "quiet"); };
    owner->changed();
    CHECK_TRUE(becomes("quiet"));
  }
}

TEST(BusSource, a_bus_that_is_not_there_yet_is_waited_for_without_a_timer) {
  bus.kill();
  start({.properties = {mode}});
  CHECK_TRUE(run_until(
      loop, [&] { return says("does not answer"); }, 20s));
  CHECK_TRUE(values.empty());
  CHECK_TRUE(bus.start());
  auto owner = service("test.Name");
  CHECK_TRUE(becomes("quiet"));
}

TEST(BusSource, power_is_what_the_services_say) {
  start({.power_source = true, .power_profile = true});
  CHECK_TRUE(powers.size() == 1 && !powers[0].source && !powers[0].profile);
  const auto becomes_power = [&](std::optional<PowerSource> power, std::optional<PowerProfile> profile) {
    return run_until(
        loop, [&] { return powers.back().source == power && powers.back().profile == profile; }, 20s);
  };
  const auto serve = [&](const char* name, const char* path, const char* property, const char* type, auto value) {
    auto made = service("");
    sd_bus_slot* slot = nullptr;
    struct Answer {
      std::string property, type;
      decltype(value) given;
    };
    auto* answer = new Answer{property, type, value};
    sd_bus_add_object(
        made->bus(), &slot, path,
        [](sd_bus_message* message, void* context, sd_bus_error*) noexcept {
          auto* self = static_cast<Answer*>(context);
          return sd_bus_reply_method_return(message, "v", self->type.c_str(), self->given);
        },
        answer);
    sd_bus_slot_set_destroy_callback(slot, [](void* context) { delete static_cast<Answer*>(context); });
    sd_bus_slot_set_floating(slot, 1);
    sd_bus_slot_unref(slot);
    CHECK_TRUE(sd_bus_request_name(made->bus(), name, 0) >= 0);
    return made;
  };
  auto upower = serve("org.freedesktop.UPower", "/org/freedesktop/UPower", "OnBattery", "b", 1);
  CHECK_TRUE(becomes_power(PowerSource::battery, std::nullopt));
  auto older = serve("net.hadess.PowerProfiles", "/net/hadess/PowerProfiles", "ActiveProfile", "s", "power-saver");
  CHECK_TRUE(becomes_power(PowerSource::battery, PowerProfile::power_saver));
  auto newer = serve("org.freedesktop.UPower.PowerProfiles", "/org/freedesktop/UPower/PowerProfiles", "ActiveProfile",
                     "s", "performance");
  CHECK_TRUE(becomes_power(PowerSource::battery, PowerProfile::performance));
  newer.reset();
  CHECK_TRUE(becomes_power(PowerSource::battery, PowerProfile::power_saver));
  upower.reset();
  CHECK_TRUE(becomes_power(std::nullopt, PowerProfile::power_saver));
}
