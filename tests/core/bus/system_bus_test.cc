// The manager on a real dbus-daemon, with a polkit authority of the test's own.
#include <fmt/format.h>

#include "tests/core/bus/system_bus_harness.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

namespace {

constexpr const char* denied = "io.schedkit.Error.Denied";

struct Method {
  const char* name;
  const char* action;  // "" for what everybody may do
  std::function<std::string(BusCaller&)> call;
};

std::vector<Method> methods() {
  const auto plain = [](const char* name) { return [name](BusCaller& caller) { return caller.call(name, ""); }; };
  return {{"Run", "io.schedkit.run", [](BusCaller& c) { return c.call("Run", "sa{sv}", "lavd", 0); }},
          {"Stop", "io.schedkit.run", plain("Stop")},
          {"Auto", "io.schedkit.run", plain("Auto")},
          {"ClearQuarantine", "io.schedkit.run", [](BusCaller& c) { return c.call("ClearQuarantine", "s", ""); }},
          {"Hold", "io.schedkit.hold", [](BusCaller& c) { return c.call("Hold", "ssa{sv}", "lavd", "a game", 0); }},
          {"Hold with args", "io.schedkit.run",
           [](BusCaller& c) { return c.call("Hold", "ssa{sv}", "lavd", "a game", 1, "args", "as", 1, "--x"); }},
          {"Reload", "io.schedkit.policy", plain("Reload")},
          {"ServeLoader", "io.schedkit.policy", [](BusCaller& c) { return c.call("ServeLoader", "b", 0); }},
          {"Explain", "io.schedkit.inspect", [](BusCaller& c) { return c.call("Explain", "ss", "", "json"); }},
          {"Pull", "io.schedkit.image", [](BusCaller& c) { return c.call("Pull", "sa{sv}", "r.test/a:1", 0); }},
          {"RemoveImage", "io.schedkit.image", [](BusCaller& c) { return c.call("RemoveImage", "s", "r.test/a:1"); }},
          {"PruneImages", "io.schedkit.image", [](BusCaller& c) { return c.call("PruneImages", "b", 0); }},
          {"VerifyImages", "io.schedkit.image", plain("VerifyImages")},
          {"Release", "", [](BusCaller& c) { return c.call("Release", "u", 77U); }},
          {"History", "", [](BusCaller& c) { return c.call("History", "u", 3U); }},
          {"Status", "", plain("Status")},
          {"ListSchedulers", "", plain("ListSchedulers")},
          {"ListRules", "", plain("ListRules")},
          {"ListPolicyFiles", "", plain("ListPolicyFiles")},
          {"ListImages", "", plain("ListImages")}};
}

}  // namespace

TEST_GROUP(SystemBus) {
  SystemBusHarness bus;

  void setup() override { CHECK_TRUE(bus.serving()); }

  // Which methods refuse `uid`.
  std::set<std::string> refused(long uid) {
    std::set<std::string> names;
    CHECK_TRUE(bus.serve(
        [&](BusCaller& caller) {
          for (const auto& method : methods()) {
            if (method.call(caller) == denied) names.insert(method.name);
          }
        },
        uid));
    return names;
  }
  std::string error_of_status() {
    std::string error = "not called";
    CHECK_TRUE(bus.serve([&](BusCaller& caller) { error = caller.call("Status", ""); }));
    return error;
  }
  bool holds(std::size_t count) {
    return bus.turn_until([&] { return bus.controls.picture.holds.size() == count; });
  }
};

TEST(SystemBus, who_may_what) {
  std::set<std::string> guarded;
  for (const auto& method : methods()) {
    if (*method.action != '\0') guarded.insert(method.name);
  }
  CHECK_TRUE(refused(0).empty());
  if (::geteuid() != 0) return;            // the rest needs another user
  CHECK_TRUE(refused(nobody) == guarded);  // no polkit

  FakePolkit polkit(bus.loop, bus.daemon.address());
  CHECK_TRUE(refused(nobody) == guarded);
  LONGS_EQUAL(guarded.size(), polkit.asked.size());
  CHECK_TRUE(refused(0).empty());
  LONGS_EQUAL(guarded.size(), polkit.asked.size());  // root needs none
  for (const auto* action :
       {"io.schedkit.run", "io.schedkit.hold", "io.schedkit.policy", "io.schedkit.inspect", "io.schedkit.image"}) {
    polkit.allowed = {action};
    auto left = guarded;
    for (const auto& method : methods()) {
      if (std::string(method.action) == action) left.erase(method.name);
    }
    CHECK_TRUE(refused(nobody) == left);
  }
}

TEST(SystemBus, the_password_is_asked_for_only_when_the_call_allows_it) {
  if (::geteuid() != 0) return;
  FakePolkit polkit(bus.loop, bus.daemon.address());
  polkit.challenges = true;
  std::string text;
  bus.serve(
      [&](BusCaller& caller) {
        caller.call("Stop", "");
        text = caller.text;
        sd_bus_set_allow_interactive_authorization(caller.bus(), 1);
        caller.call("Stop", "");
      },
      nobody);
  STRCMP_CONTAINS("needs a password", text.c_str());
  LONGS_EQUAL(2, polkit.asked.size());
  LONGS_EQUAL(0, polkit.asked[0].flags);
  LONGS_EQUAL(1, polkit.asked[1].flags);
  STRCMP_EQUAL("io.schedkit.run", polkit.asked[0].action.c_str());
  CHECK_TRUE(polkit.asked[0].subject.starts_with(":1."));
}

TEST(SystemBus, a_command_says_who_asked) {
  bus.serve([](BusCaller& caller) { caller.call("Run", "sa{sv}", "lavd", 1, "mode", "s", "gaming"); });
  LONGS_EQUAL(1, bus.controls.runs.size());
  STRCMP_CONTAINS(fmt::format("(uid {})", ::geteuid()).c_str(), bus.controls.runs[0].by.c_str());
  STRCMP_EQUAL("gaming", bus.controls.runs[0].mode.c_str());
}

TEST(SystemBus, a_hold_is_its_clients_and_ends_with_it) {
  std::vector<std::uint32_t> cookies(2);
  std::string foreign, own, again;
  std::size_t meanwhile = 0;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    for (auto& cookie : cookies) {
      caller.call("Hold", "ssa{sv}", "lavd", "a game", 1, "mode", "s", "gaming");
      sd_bus_message_read(caller.reply.get(), "u", &cookie);
    }
    BusCaller other(bus.daemon.address());
    foreign = other.call("Release", "u", cookies[0]);
    own = caller.call("Release", "u", cookies[0]);
    again = caller.call("Release", "u", cookies[0]);
    meanwhile = bus.controls.picture.holds.size();
  }));
  STRCMP_EQUAL("io.schedkit.Error.NotFound", foreign.c_str());
  STRCMP_EQUAL("", own.c_str());
  STRCMP_EQUAL("io.schedkit.Error.NotFound", again.c_str());
  LONGS_EQUAL(1, meanwhile);
  CHECK_TRUE(holds(0));
  CHECK_TRUE((bus.controls.released == std::vector<std::uint32_t>{1, 2}));
}

TEST(SystemBus, a_hold_shows_and_a_refused_one_leaves_nothing) {
  std::string refused, wrong, property;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    refused = caller.call("Hold", "ssa{sv}", "nobody", "", 0);
    wrong = caller.call("Hold", "ssa{sv}", "lavd", "", 1, "until", "s", "2h");
    caller.call("Hold", "ssa{sv}", "lavd", "a game", 0);
    caller.call_of(bus::manager_name, bus::manager_path, "org.freedesktop.DBus.Properties", "Get", "ss",
                   bus::manager_interface, "Holds");
    const char* text = nullptr;
    std::uint32_t id = 0;
    const char *scheduler = nullptr, *mode = nullptr, *by = nullptr;
    sd_bus_message_enter_container(caller.reply.get(), 'v', "a(ussss)");
    sd_bus_message_enter_container(caller.reply.get(), 'a', "(ussss)");
    if (sd_bus_message_read(caller.reply.get(), "(ussss)", &id, &scheduler, &mode, &by, &text) > 0) {
      property = fmt::format("{} {} {}", id, scheduler, text);
    }
  }));
  STRCMP_EQUAL("io.schedkit.Error.NotFound", refused.c_str());
  STRCMP_EQUAL("io.schedkit.Error.Invalid", wrong.c_str());
  STRCMP_EQUAL("1 lavd a game", property.c_str());
  CHECK_TRUE(holds(0));
}

TEST(SystemBus, holds_are_limited_and_many_clients_may_vanish) {
  std::size_t had = 0;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    while (caller.call("Hold", "ssa{sv}", "lavd", "", 0).empty() && had < 1000) ++had;
  }));
  LONGS_EQUAL(ClientHolds::most_of_one, had);
  CHECK_TRUE(holds(0));
  std::size_t clients = 0;
  CHECK_TRUE(bus.serve([&](BusCaller&) {
    for (int round = 0; round < 10; ++round) {
      std::vector<std::unique_ptr<BusCaller>> callers;
      for (int i = 0; i < 10; ++i) {
        callers.push_back(std::make_unique<BusCaller>(bus.daemon.address()));
        clients += callers.back()->call("Hold", "ssa{sv}", "lavd", "", 0).empty() ? 1 : 0;
      }
    }
  }));
  LONGS_EQUAL(100, clients);
  CHECK_TRUE(holds(0));
}

TEST(SystemBus, a_client_that_is_gone_before_the_answer_has_no_hold) {
  bus.controls.wait = true;
  std::atomic<bool> made = false;
  bus.controls.asked = [&] { made = true; };
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    sd_bus_call_method_async(
        caller.bus(), nullptr, bus::manager_name, bus::manager_path, bus::manager_interface, "Hold",
        [](sd_bus_message*, void*, sd_bus_error*) { return 0; }, nullptr, "ssa{sv}", "lavd", "", 0);
    sd_bus_flush(caller.bus());
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!made && std::chrono::steady_clock::now() < late) std::this_thread::yield();
  }));
  CHECK_TRUE(made);
  CHECK_TRUE(bus.turn_until([&] { return !bus.controls.released.empty(); }));
  for (const auto& done : bus.controls.pending) done(fail(Errc::failed, "too late"));
  CHECK_TRUE(holds(0));
}

TEST(SystemBus, a_bus_that_dies_takes_the_holds_and_comes_back) {
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    caller.call("Hold", "ssa{sv}", "lavd", "", 0);
    bus.daemon.kill();
  }));
  CHECK_TRUE(bus.turn_until([&] { return !bus.system->is_up(); }));
  CHECK_TRUE(holds(0));
  CHECK_FALSE(bus.system->owns_manager());
  CHECK_TRUE(bus.daemon.start());
  CHECK_TRUE(bus.serving());
  STRCMP_EQUAL("", error_of_status().c_str());
}

TEST(SystemBus, a_name_that_somebody_else_has_is_taken_when_he_goes) {
  bus.system.reset();
  auto other = std::make_unique<BusCaller>(bus.daemon.address());
  CHECK_TRUE(sd_bus_request_name(other->bus(), bus::manager_name, 0) >= 0);
  bus.system = bus.make();
  CHECK_TRUE(bus.turn_until([&] { return bus.logged.find("another program owns") != std::string::npos; }));
  CHECK_FALSE(bus.system->owns_manager());
  other.reset();
  CHECK_TRUE(bus.serving());
}

TEST(SystemBus, a_transition_is_one_signal_after_the_properties) {
  std::vector<std::string> seen;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    const auto note = [](sd_bus_message* message, void* list, sd_bus_error*) {
      static_cast<std::vector<std::string>*>(list)->emplace_back(sd_bus_message_get_member(message));
      return 0;
    };
    sd_bus_match_signal(caller.bus(), nullptr, nullptr, bus::manager_path, nullptr, nullptr, note, &seen);
    bus.controls.asked = [&] {  // on the loop's thread, while Stop is answered
      bus.controls.picture.state = SystemState::running;
      bus.service->happened({.event = HistoryEvent::switched, .from = "kernel", .to = "lavd"});
      bus.service->happened({.event = HistoryEvent::superseded, .to = "lavd"});
      bus.service->happened({.event = HistoryEvent::lost, .from = "lavd", .text = "exited"});
      bus.service->happened({.event = HistoryEvent::rolled_back, .from = "lavd", .to = "kernel"});
      bus.service->policy_changed();
      bus.service->changed();
    };
    caller.call("Stop", "");
    for (int i = 0; i < 100 && seen.size() < 5; ++i) {
      if (sd_bus_process(caller.bus(), nullptr) == 0) sd_bus_wait(caller.bus(), 10'000'000);
    }
  }));
  CHECK_TRUE((seen == std::vector<std::string>{"PropertiesChanged", "Switched", "SwitchFailed", "RolledBack",
                                               "PolicyChanged"}));
}

TEST(SystemBus, few_calls_of_one_client_may_wait_for_polkit) {
  if (::geteuid() != 0) return;
  FakePolkit polkit(bus.loop, bus.daemon.address());
  polkit.silent = true;
  struct Errors {
    int limit = 0;
    int all = 0;
  } errors;
  CHECK_TRUE(bus.serve(
      [&](BusCaller& caller) {
        const auto note = [](sd_bus_message* reply, void* data, sd_bus_error*) {
          auto& seen = *static_cast<Errors*>(data);
          seen.limit += sd_bus_message_is_method_error(reply, "io.schedkit.Error.Limit") > 0 ? 1 : 0;
          ++seen.all;
          return 0;
        };
        for (std::size_t i = 0; i < Authority::most_checks_of_one + 4; ++i) {
          sd_bus_call_method_async(caller.bus(), nullptr, bus::manager_name, bus::manager_path, bus::manager_interface,
                                   "Stop", note, &errors, "");
        }
        for (int i = 0; i < 1000 && errors.all < 4; ++i) {
          if (sd_bus_process(caller.bus(), nullptr) == 0) sd_bus_wait(caller.bus(), 10'000'000);
        }
      },
      nobody));
  LONGS_EQUAL(4, errors.limit);
  LONGS_EQUAL(4, errors.all);
  LONGS_EQUAL(0, bus.controls.callers.size());
  STRCMP_EQUAL("", error_of_status().c_str());
}

TEST(SystemBus, a_storm_of_wrong_calls_harms_nobody) {
  const std::string long_text(100'000, 'x');
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    for (int i = 0; i < 3000; ++i) {
      static const char* const names[] = {"Run", "Hold", "Release", "Nonsense", "History", "Explain", "Pull"};
      sd_bus_message* raw = nullptr;
      sd_bus_message_new_method_call(caller.bus(), &raw, bus::manager_name, bus::manager_path,
                                     i % 11 == 0 ? "io.schedkit.Nonsense" : bus::manager_interface, names[i % 7]);
      const Message call = Message::adopt(raw);
      sd_bus_message_append(raw, "ss", i % 100 == 0 ? long_text.c_str() : "a", "b");
      if (i % 3 == 0) sd_bus_message_append(raw, "a{sv}", 1, "mode", "u", 7U);
      sd_bus_message_set_expect_reply(raw, 0);
      sd_bus_send(caller.bus(), raw, nullptr);
      if (i % 50 == 0) sd_bus_flush(caller.bus());
    }
    sd_bus_flush(caller.bus());
    caller.call("Status", "");
  }));
  STRCMP_EQUAL("", error_of_status().c_str());
  LONGS_EQUAL(0, bus.controls.runs.size());
  CHECK_TRUE(holds(0));
}
