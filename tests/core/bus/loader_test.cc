// org.scx.Loader on a real dbus-daemon.
#include <fmt/format.h>

#include "core/base/file.h"
#include "tests/core/bus/system_bus_harness.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

namespace {

constexpr const char* failed = "org.freedesktop.DBus.Error.Failed";

Scheduler scheduler(const std::string& name, const std::string& image) {
  Scheduler made;
  made.name = name;
  made.image = image;
  made.args = {"--usual"};
  made.modes["gaming"] = {"--performance"};
  return made;
}

std::string texts(sd_bus_message* message) {
  std::string all;
  const char* text = nullptr;
  sd_bus_message_enter_container(message, 'v', "as");
  sd_bus_message_enter_container(message, 'a', "s");
  while (sd_bus_message_read(message, "s", &text) > 0) all += std::string(all.empty() ? "" : " ") + text;
  return all;
}

}  // namespace

TEST_GROUP(Loader) {
  SystemBusHarness bus;

  void setup() override {
    bus.controls.policies.schedulers = {scheduler("lavd", "oci:/images:lavd"),
                                        scheduler("mine", "ghcr.io/x/scx_rusty:1.1"),
                                        scheduler("vtime", "oci:/images:schedkit_vtime")};
    CHECK_TRUE(bus.serving());
    claim();
  }
  void claim() {
    std::string error = "not called";
    CHECK_TRUE(bus.serve([&](BusCaller& caller) { error = caller.call("ServeLoader", "b", 1); }));
    STRCMP_EQUAL("", error.c_str());
    CHECK_TRUE(bus.system->owns_loader());
  }
  std::string property(const char* name) {
    std::string value;
    CHECK_TRUE(bus.serve([&](BusCaller& caller) {
      caller.call_of(bus::loader_name, bus::loader_path, "org.freedesktop.DBus.Properties", "Get", "ss",
                     bus::loader_interface, name);
      const char* type = nullptr;
      char kind = 0;
      sd_bus_message_peek_type(caller.reply.get(), &kind, &type);
      const char* text = nullptr;
      std::uint32_t number = 0;
      if (std::string(type) == "s" && sd_bus_message_read(caller.reply.get(), "v", "s", &text) > 0) value = text;
      if (std::string(type) == "u" && sd_bus_message_read(caller.reply.get(), "v", "u", &number) > 0) {
        value = std::to_string(number);
      }
      if (std::string(type) == "as") value = texts(caller.reply.get());
    }));
    return value;
  }
};

TEST(Loader, a_switch_is_an_override_of_the_right_scheduler_mode_and_end) {
  std::string error = "not called";
  bus.serve([&](BusCaller& caller) {
    error = caller.call_loader("SwitchScheduler", "su", "scx_lavd", 1U);
    caller.call_loader("StartScheduler", "su", "scx_rusty", 2U);  // has no such mode
    caller.call_loader("SwitchSchedulerWithArgs", "sas", "scx_lavd", 2, "-v", "--x");
    caller.call_loader("StopScheduler", "");
  });
  STRCMP_EQUAL("", error.c_str());
  LONGS_EQUAL(4, bus.controls.runs.size());
  const auto& runs = bus.controls.runs;
  STRCMP_EQUAL("lavd gaming", (runs[0].scheduler + " " + runs[0].mode).c_str());
  CHECK_TRUE(runs[0].until->kind == Lifetime::Kind::boot);
  CHECK_TRUE(*runs[0].within < std::chrono::seconds(10));
  CHECK_FALSE(runs[0].has_args);
  STRCMP_EQUAL("mine ", (runs[1].scheduler + " " + runs[1].mode).c_str());
  CHECK_TRUE((runs[2].args == std::vector<std::string>{"-v", "--x"}));
  CHECK_TRUE(runs[2].has_args);
  STRCMP_EQUAL("kernel", runs[3].scheduler.c_str());
}

TEST(Loader, errors_are_errors_with_the_reason) {
  bus.controls.answer = fail(Errc::failed, "lavd exited with status 1");
  std::string error, text, unknown, mode;
  bus.serve([&](BusCaller& caller) {
    error = caller.call_loader("SwitchScheduler", "su", "scx_lavd", 0U);
    text = caller.text;
    caller.call_loader("SwitchScheduler", "su", "scx_flash", 0U);
    unknown = caller.text;
    caller.call_loader("SwitchScheduler", "su", "scx_lavd", 9U);
    mode = caller.text;
  });
  STRCMP_EQUAL(failed, error.c_str());
  STRCMP_EQUAL("lavd exited with status 1", text.c_str());
  STRCMP_CONTAINS("no policy defines \"scx_flash\"", unknown.c_str());
  STRCMP_CONTAINS("no mode 9", mode.c_str());
}

TEST(Loader, only_who_may_by_its_own_action) {
  if (::geteuid() != 0) return;
  FakePolkit polkit(bus.loop, bus.daemon.address());
  std::vector<std::string> errors;
  std::string text;
  const auto all = [&](BusCaller& caller) {
    errors.push_back(caller.call_loader("SwitchScheduler", "su", "scx_lavd", 0U));
    text = caller.text;
    errors.push_back(caller.call_loader("StartScheduler", "su", "scx_lavd", 0U));
    errors.push_back(caller.call_loader("StartSchedulerWithArgs", "sas", "scx_lavd", 0));
    errors.push_back(caller.call_loader("SwitchSchedulerWithArgs", "sas", "scx_lavd", 0));
    errors.push_back(caller.call_loader("StopScheduler", ""));
    errors.push_back(caller.call_loader("RestoreDefault", ""));
    errors.push_back(caller.call_loader("HoldScheduler", "suss", "scx_lavd", 0U, "", ""));
  };
  bus.serve(all, nobody);
  for (const auto& error : errors) STRCMP_EQUAL(failed, error.c_str());
  STRCMP_CONTAINS("Not allowed!", text.c_str());
  LONGS_EQUAL(errors.size(), polkit.asked.size());
  STRCMP_EQUAL("org.scx.loader.manage-schedulers", polkit.asked[0].action.c_str());
  LONGS_EQUAL(1, polkit.asked[0].flags);
  LONGS_EQUAL(0, bus.controls.runs.size());
  polkit.allowed = {"org.scx.loader.manage-schedulers"};
  errors.clear();
  bus.serve(all, nobody);
  for (const auto& error : errors) STRCMP_EQUAL("", error.c_str());
  LONGS_EQUAL(1, bus.controls.automatic);
}

TEST(Loader, properties_are_the_truth_of_the_kernel) {
  STRCMP_EQUAL("unknown", property("CurrentScheduler").c_str());
  STRCMP_EQUAL("scx_lavd scx_rusty", property("SupportedSchedulers").c_str());
  STRCMP_EQUAL("unknown", property("DefaultScheduler").c_str());
  CHECK_TRUE(property("DaemonGeneration").starts_with(":1."));
  auto& picture = bus.controls.picture;
  picture.current = RunStatus{.name = "lavd", .image = "oci:/images:lavd", .mode = "gaming", .args = {"--performance"}};
  picture.state = SystemState::handing_over;
  STRCMP_EQUAL("unknown", property("CurrentScheduler").c_str());
  picture.state = SystemState::probation;
  STRCMP_EQUAL("scx_lavd", property("CurrentScheduler").c_str());
  STRCMP_EQUAL("1", property("SchedulerMode").c_str());
  STRCMP_EQUAL("", property("CurrentSchedulerArgs").c_str());
  picture.current->mode = "";
  picture.current->args = {"-v", "--x"};
  STRCMP_EQUAL("-v --x", property("CurrentSchedulerArgs").c_str());
  picture.current->name = "vtime";
  picture.current->image = "oci:/images:schedkit_vtime";
  STRCMP_EQUAL("vtime", property("CurrentScheduler").c_str());
}

TEST(Loader, changes_are_told_in_one_signal) {
  std::vector<std::string> changed;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    const auto note = [](sd_bus_message* message, void* list, sd_bus_error*) {
      sd_bus_message_skip(message, "s");
      sd_bus_message_enter_container(message, 'a', "{sv}");
      std::string names;
      const char* name = nullptr;
      while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        sd_bus_message_read(message, "s", &name);
        names += std::string(name) + " ";
        sd_bus_message_skip(message, "v");
        sd_bus_message_exit_container(message);
      }
      static_cast<std::vector<std::string>*>(list)->push_back(names);
      return 0;
    };
    sd_bus_match_signal(caller.bus(), nullptr, nullptr, bus::loader_path, nullptr, nullptr, note, &changed);
    bus.controls.asked = [&] {
      bus.controls.picture.state = SystemState::running;
      bus.controls.picture.current = RunStatus{.name = "lavd", .mode = "gaming", .args = {"--performance"}};
      bus.system->changed();
      bus.system->changed();
    };
    caller.call_loader("StopScheduler", "");
    for (int i = 0; i < 100 && changed.empty(); ++i) {
      if (sd_bus_process(caller.bus(), nullptr) == 0) sd_bus_wait(caller.bus(), 10'000'000);
    }
  }));
  LONGS_EQUAL(1, changed.size());
  STRCMP_EQUAL("CurrentScheduler SchedulerMode ", changed[0].c_str());
}

TEST(Loader, modes_and_their_arguments_can_be_asked) {
  std::string modes, args, error;
  bus.serve([&](BusCaller& caller) {
    caller.call_loader("SchedulerModes", "s", "scx_lavd");
    std::uint32_t mode = 0;
    sd_bus_message_enter_container(caller.reply.get(), 'a', "u");
    while (sd_bus_message_read(caller.reply.get(), "u", &mode) > 0) modes += std::to_string(mode) + " ";
    caller.call_loader("SchedulerModeArgs", "s", "scx_lavd");
    args = sd_bus_message_get_signature(caller.reply.get(), 1);
    error = caller.call_loader("SchedulerModes", "s", "scx_flash");
  });
  STRCMP_EQUAL("0 1 ", modes.c_str());
  STRCMP_EQUAL("a(uas)", args.c_str());
  STRCMP_EQUAL(failed, error.c_str());
}

TEST(Loader, restart_goes_over_the_kernels_own) {
  std::string nothing;
  bus.serve([&](BusCaller& caller) {
    caller.call_loader("RestartScheduler", "");
    nothing = caller.text;
  });
  STRCMP_EQUAL("No scheduler is currently running to restart", nothing.c_str());
  bus.controls.picture.current = RunStatus{.name = "lavd", .mode = "gaming", .args = {"--performance"}};
  bus.serve([&](BusCaller& caller) { caller.call_loader("RestartScheduler", ""); });
  LONGS_EQUAL(1, bus.controls.runs.size());
  LONGS_EQUAL(1, bus.controls.automatic);  // a rule wanted it
  bus.controls.picture.override_by = "somebody";
  bus.serve([&](BusCaller& caller) { caller.call_loader("RestartScheduler", ""); });
  LONGS_EQUAL(3, bus.controls.runs.size());
  STRCMP_EQUAL("kernel", bus.controls.runs[1].scheduler.c_str());
  STRCMP_EQUAL("lavd", bus.controls.runs[2].scheduler.c_str());
}

TEST(Loader, a_hold_ends_with_its_client) {
  std::string held;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    caller.call_loader("HoldScheduler", "suss", "scx_lavd", 1U, "a game", "steam");
    held = bus.controls.picture.holds.empty() ? "" : bus.controls.picture.holds[0].reason;
  }));
  STRCMP_EQUAL("a game (steam)", held.c_str());
  CHECK_TRUE(bus.turn_until([&] { return bus.controls.picture.holds.empty(); }));
}

TEST(Loader, an_answer_comes_before_the_client_gives_up) {
  bus.controls.wait = true;
  std::string error;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) {
    caller.call_loader("RestoreDefault", "");
    error = caller.text;
  }));
  STRCMP_CONTAINS("has not confirmed it yet", error.c_str());
  LONGS_EQUAL(1, bus.controls.pending.size());
  bus.controls.pending[0]({});  // too late, and harmless
}

TEST(Loader, the_claim_outlives_the_daemon_and_ends_when_asked) {
  CHECK_TRUE(read_file(bus.directory / "marker", 10).has_value());
  bus.system.reset();
  bus.system = bus.make();
  CHECK_TRUE(bus.turn_until([&] { return bus.system->owns_loader(); }));
  CHECK_TRUE(bus.serve([&](BusCaller& caller) { caller.call("ServeLoader", "b", 0); }));
  CHECK_FALSE(bus.system->owns_loader());
  CHECK_FALSE(read_file(bus.directory / "marker", 10).has_value());

  BusCaller other(bus.daemon.address());
  CHECK_TRUE(sd_bus_request_name(other.bus(), bus::loader_name, 0) >= 0);
  std::string error;
  CHECK_TRUE(bus.serve([&](BusCaller& caller) { error = caller.call("ServeLoader", "b", 1); }));
  STRCMP_EQUAL("io.schedkit.Error.Busy", error.c_str());
  CHECK_FALSE(bus.system->owns_loader());
  CHECK_FALSE(read_file(bus.directory / "marker", 10).has_value());
}
