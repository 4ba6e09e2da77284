// Power against the mocks of UPower and power-profiles-daemon that python3-dbusmock has, on a bus of our own.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include "core/bus/bus_source.h"
#include "tests/core/bus/private_bus.h"
#include "tests/core/bus/test_service.h"
#include "tests/core/sched/loop_helpers.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

// `python3 -m dbusmock --template NAME`; destroying it ends it.
class Mock {
 public:
  Mock(const std::string& address, const std::string& name) {
    const std::string bus = "DBUS_SYSTEM_BUS_ADDRESS=" + address;
    const std::string command = "exec /usr/bin/python3 -m dbusmock --system --template " + name;
    char* arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(command.c_str()), nullptr};
    char* environment[] = {const_cast<char*>(bus.c_str()), const_cast<char*>("PATH=/usr/bin:/bin"), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (::posix_spawn(&pid_, "/bin/sh", &actions, nullptr, arguments, environment) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  Mock(const Mock&) = delete;
  Mock& operator=(const Mock&) = delete;
  ~Mock() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace

TEST_GROUP(Power) {
  PrivateBus bus;
  Loop loop;
  PowerSeen power;
  std::unique_ptr<BusSource> source;

  bool start() {
    if (std::system("/usr/bin/python3 -c 'import dbusmock' 2> /dev/null") != 0) {
      std::printf("SKIPPED: python3-dbusmock is not installed\n");
      return false;
    }
    CHECK_TRUE(bus.start());
    source = std::make_unique<BusSource>(loop, bus.address());
    const Interests interests{.power_source = true, .power_profile = true};
    CHECK_TRUE(
        source->start(interests, [this](const Event& event) { power = std::get<PowerSeen>(event); }).has_value());
    return true;
  }
  void teardown() override { source.reset(); }

  bool becomes(std::optional<PowerSource> supply, std::optional<PowerProfile> profile) {
    return run_until(loop, [&] { return power.source == supply && power.profile == profile; });
  }
  // Makes the mock change a property, which it tells as the real service does.
  void update(const char* name, const char* path, const char* interface, const char* property, const char* type,
              const char* text, int number) {
    TestService caller(loop, bus.address(), "");
    CHECK_TRUE(caller.ok);
    int error = 0;
    if (*type == 'b') {
      error = sd_bus_call_method(caller.bus(), name, path, "org.freedesktop.DBus.Mock", "UpdateProperties", nullptr,
                                 nullptr, "sa{sv}", interface, 1, property, type, number);
    } else {
      error = sd_bus_call_method(caller.bus(), name, path, "org.freedesktop.DBus.Mock", "UpdateProperties", nullptr,
                                 nullptr, "sa{sv}", interface, 1, property, type, text);
    }
    CHECK_TRUE(error >= 0);
  }
};

TEST(Power, upower_and_power_profiles_daemon_are_followed) {
  if (!start()) return;
  {
    const Mock upower(bus.address(), "upower");
    CHECK_TRUE(run_until(loop, [&] { return power.source.has_value(); }));
    const Mock profiles(bus.address(), "power_profiles_daemon");
    CHECK_TRUE(run_until(loop, [&] { return power.profile.has_value(); }));
    update("org.freedesktop.UPower", "/org/freedesktop/UPower", "org.freedesktop.UPower", "OnBattery", "b", "", 1);
    update("net.hadess.PowerProfiles", "/net/hadess/PowerProfiles", "net.hadess.PowerProfiles", "ActiveProfile", "s",
           "power-saver", 0);
    CHECK_TRUE(becomes(PowerSource::battery, PowerProfile::power_saver));
    update("org.freedesktop.UPower", "/org/freedesktop/UPower", "org.freedesktop.UPower", "OnBattery", "b", "", 0);
    CHECK_TRUE(becomes(PowerSource::ac, PowerProfile::power_saver));
  }
  CHECK_TRUE(becomes(std::nullopt, std::nullopt));
}
