#include "core/bus/daemon_link.h"

#include <vector>

#include "core/bus/names.h"
#include "tests/core/bus/harness.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

TEST_GROUP(DaemonLink) {
  BusHarness bus;
  std::vector<Result<Status>> told;
  std::unique_ptr<DaemonLink> link;

  void open(const std::string& socket) {
    link = std::make_unique<DaemonLink>(bus.loop, bus.clock, socket,
                                        [this](const Result<Status>& status) { told.push_back(status); });
    link->open();
  }
  void teardown() override {
    link.reset();
    told.clear();
  }
  bool until_told(std::size_t count) {
    return bus.turn_until([this, count] { return told.size() >= count; });
  }
};

TEST(DaemonLink, tells_the_status_and_what_changes) {
  open(bus.socket);
  CHECK(until_told(1));
  CHECK(told[0].has_value());
  bus.controls.picture.kernel.ops = "lavd";
  bus.service->changed();
  CHECK(until_told(2));
  STRCMP_EQUAL("lavd", told[1]->kernel.ops.c_str());
  bus.controls.picture.files.push_back({.path = "/x.toml", .sha256 = "aa", .sha256_in_force = "aa"});
  bus.service->policy_changed();
  bus.service->changed();
  CHECK(until_told(3));
  STRCMP_EQUAL("aa", told[2]->files.at(0).sha256_in_force.c_str());
}

TEST(DaemonLink, a_daemon_that_goes_is_waited_for) {
  open(bus.socket);
  CHECK(until_told(1));
  bus.server.reset();
  CHECK(until_told(2));
  CHECK_FALSE(told[1].has_value());
  STRCMP_CONTAINS("schedkitd does not answer at ", told[1].error().text.c_str());
  CHECK(bus.open().has_value());
  CHECK(bus.turn_until([this] { return told.back().has_value(); }));
}

TEST(DaemonLink, one_that_is_not_there_yet_is_waited_for_too) {
  bus.server.reset();
  open(bus.socket);
  CHECK(until_told(1));
  CHECK_FALSE(told[0].has_value());
  CHECK(bus.open().has_value());
  CHECK(bus.turn_until([this] { return told.back().has_value(); }));
}

TEST(DaemonLink, readers_read_and_command_nothing) {
  const auto socket = bus::readers_socket_path(bus.directory);
  auto readers = PrivateServer::create(bus.loop, socket, *bus.service, PrivateServer::For::readers);
  CHECK(readers.has_value());
  struct stat found {};
  LONGS_EQUAL(0, ::stat(socket.c_str(), &found));
  LONGS_EQUAL(0660, found.st_mode & 0777);
  open(socket);
  CHECK(until_told(1));
  CHECK(told[0].has_value());
  Result<void> stopped;
  Result<std::string> status = "";
  Result<std::string> explained = "";
  bus.serve([&] {
    auto client = Client::connect(socket);
    status = client->status();
    stopped = client->stop();
    explained = client->explain("", "json");
  });
  CHECK(status.has_value());
  CHECK(stopped.error().code == Errc::denied);
  STRCMP_EQUAL("this socket is for reading only", stopped.error().text.c_str());
  CHECK(explained.error().code == Errc::denied);
  link.reset();
}
