// A served manager on a real socket in a directory of its own.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/bus/client.h"
#include "core/bus/private_server.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "tests/core/bus/fake_controls.h"

namespace schedkit {

struct BusHarness {
  BusHarness() {
    std::string pattern = "/tmp/schedkit-bus-XXXXXX";
    directory = ::mkdtemp(pattern.data());
    socket = directory + "/schedkitd.sock";
    log::set_sink([this](log::Level, std::string_view line) { logged += std::string(line) + "\n"; });
    open();
  }
  ~BusHarness() {
    server.reset();
    service.reset();
    log::set_sink({});
    (void)remove_tree(directory);
  }

  Result<void> open() {
    service = std::make_unique<ManagerService>(controls, clock);
    auto made = PrivateServer::create(loop, socket, *service);
    if (!made) return fail(made.error());
    server = std::move(*made);
    return {};
  }

  // Turns the loop until `reached`; false when that takes 20 s.
  bool turn_until(const std::function<bool()>& reached) {
    bool late = false;
    Timer deadline(loop);
    deadline.set(std::chrono::seconds(20), [&] { late = true; });
    while (!late && !reached()) loop.run_once(true);
    return !late;
  }

  // Serves while `work` runs on another thread, as blocking clients need.
  bool serve(const std::function<void()>& work) {
    std::atomic<bool> over = false;
    std::thread thread([&] {
      work();
      over = true;
    });
    const bool done = turn_while_polling([&] { return over.load(); });
    thread.join();
    return done;
  }

  // The other thread cannot wake the loop: look every few milliseconds.
  bool turn_while_polling(const std::function<bool()>& reached) {
    Timer tick(loop);
    std::function<void()> again = [&] { tick.set(std::chrono::milliseconds(2), again); };
    again();
    return turn_until(reached);
  }

  UniqueFd raw_client() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fd.reset();
    return fd;
  }

  Loop loop;
  SystemClock clock;
  FakeControls controls;
  std::string directory;
  std::string socket;
  std::string logged;
  std::unique_ptr<ManagerService> service;
  std::unique_ptr<PrivateServer> server;
};

}  // namespace schedkit
