// A manager on a dbus-daemon of its own, and clients of it that run on threads, as any user.
#pragma once

#include <sys/syscall.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/log.h"
#include "core/bus/names.h"
#include "core/bus/system_bus.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "tests/core/bus/fake_controls.h"
#include "tests/core/bus/fake_polkit.h"
#include "tests/core/bus/private_bus.h"

namespace schedkit {

constexpr long nobody = 65534;

// One connection to the bus, with blocking calls, for a thread that is not the loop's.
class BusCaller {
 public:
  explicit BusCaller(const std::string& address) {
    sd_bus* raw = nullptr;
    sd_bus_new(&raw);
    bus_.reset(raw);
    sd_bus_set_address(raw, address.c_str());
    sd_bus_set_bus_client(raw, 1);
    sd_bus_start(raw);
  }
  sd_bus* bus() { return bus_.get(); }

  // The name of the error, "" when there was none. `reply` is the last good one.
  template <class... Args>
  std::string call(const char* method, const char* types, Args... args) {
    return call_of(bus::manager_name, bus::manager_path, bus::manager_interface, method, types, args...);
  }
  template <class... Args>
  std::string call_loader(const char* method, const char* types, Args... args) {
    return call_of(bus::loader_name, bus::loader_path, bus::loader_interface, method, types, args...);
  }
  template <class... Args>
  std::string call_of(const char* name, const char* path, const char* interface, const char* method, const char* types,
                      Args... args) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* raw = nullptr;
    sd_bus_call_method(bus(), name, path, interface, method, &error, &raw, types, args...);
    reply = Message::adopt(raw);
    const std::string failed = error.name != nullptr ? error.name : "";
    text = error.message != nullptr ? error.message : "";
    sd_bus_error_free(&error);
    return failed;
  }

  Message reply;
  std::string text;  // of the last error

 private:
  BusPtr bus_;
};

struct SystemBusHarness {
  SystemBusHarness() {
    log::set_sink([this](log::Level, std::string_view line) { logged += std::string(line) + "\n"; });
    daemon.admit_everybody();
    if (!daemon.start()) logged += "no dbus-daemon\n";
    service = std::make_unique<ManagerService>(controls, clock);
    system = make();
  }
  ~SystemBusHarness() {
    system.reset();
    log::set_sink({});
  }

  std::unique_ptr<SystemBus> make() {
    auto made = std::make_unique<SystemBus>(loop, *service, controls, nullptr,
                                            SystemBus::Options{daemon.address(), directory / "marker"});
    made->open();
    return made;
  }

  bool serving() {
    return turn_until([this] { return system->owns_manager(); });
  }

  // Turns the loop until `reached`; false when that takes 30 s.
  bool turn_until(const std::function<bool()>& reached) {
    bool late = false;
    Timer deadline(loop);
    deadline.set(std::chrono::seconds(30), [&] { late = true; });
    Timer tick(loop);  // what happens elsewhere cannot wake the loop
    std::function<void()> again = [&] { tick.set(std::chrono::milliseconds(2), again); };
    again();
    while (!late && !reached()) loop.run_once(true);
    return !late;
  }

  // Serves while `work` runs on another thread as user `uid`.
  bool serve(const std::function<void(BusCaller&)>& work, long uid = 0) {
    std::atomic<bool> over = false;
    std::thread thread([&] {
      // Of this thread alone, unlike the library's call. Nobody's capabilities go with it.
      if (uid != 0) ::syscall(SYS_setresuid, uid, uid, uid);
      BusCaller caller(daemon.address());
      work(caller);
      over = true;
    });
    const bool done = turn_until([&] { return over.load(); });
    thread.join();
    return done;
  }

  Loop loop;
  SystemClock clock;
  FakeControls controls;
  PrivateBus daemon;
  TemporaryDirectory directory;
  std::string logged;
  std::unique_ptr<ManagerService> service;
  std::unique_ptr<SystemBus> system;
};

}  // namespace schedkit
