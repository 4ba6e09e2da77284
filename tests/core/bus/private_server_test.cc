#include "core/bus/private_server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <vector>

#include "tests/core/bus/harness.h"

#include <CppUTest/TestHarness.h>  // last: it redefines new

using namespace schedkit;

TEST_GROUP(PrivateServer) {
  BusHarness bus;

  bool still_serves() {
    bool served = false;
    bus.serve([&] {
      auto client = Client::connect(bus.socket);
      served = client && client->status().has_value();
    });
    return served;
  }
  // Serves until the server has hung up on `fd`.
  bool closed(const UniqueFd& fd) {
    return bus.turn_while_polling([&fd] {
      char answer[256];
      const ssize_t got = ::recv(fd.get(), answer, sizeof(answer), MSG_DONTWAIT);
      return got == 0 || (got < 0 && errno != EAGAIN);
    });
  }
  bool alone() {
    return bus.turn_until([this] { return bus.server->clients() == 0; });
  }
};

TEST(PrivateServer, the_socket_is_for_its_owner_only) {
  struct stat status {};
  LONGS_EQUAL(0, ::stat(bus.socket.c_str(), &status));
  LONGS_EQUAL(0600, status.st_mode & 07777);
  CHECK_TRUE(S_ISSOCK(status.st_mode));
}

TEST(PrivateServer, a_second_server_is_refused_and_harms_nothing) {
  auto second = PrivateServer::create(bus.loop, bus.socket, *bus.service);
  CHECK_FALSE(second.has_value());
  CHECK_TRUE(second.error().code == Errc::busy);
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, a_stale_socket_is_replaced) {
  bus.server.reset();
  const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, bus.socket.c_str(), bus.socket.size() + 1);
  LONGS_EQUAL(0, ::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  CHECK_TRUE(bus.open().has_value());
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, a_file_in_the_way_is_left_alone) {
  bus.server.reset();
  CHECK_TRUE(write_file_atomic(bus.socket, "precious").has_value());
  const auto opened = bus.open();
  CHECK_FALSE(opened.has_value());
  CHECK_TRUE(opened.error().code == Errc::exists);
  STRCMP_EQUAL("precious", read_file(bus.socket, 100)->c_str());
}

TEST(PrivateServer, a_path_that_is_too_long_is_an_error) {
  CHECK_FALSE(PrivateServer::create(bus.loop, "/tmp/" + std::string(200, 'x'), *bus.service).has_value());
}

TEST(PrivateServer, the_socket_goes_with_its_server) {
  bus.server.reset();
  LONGS_EQUAL(-1, ::access(bus.socket.c_str(), F_OK));
}

TEST(PrivateServer, garbage_costs_only_its_own_connection) {
  const std::string greeting("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29);
  const std::string requests[] = {"GET / HTTP/1.1\r\n\r\n", greeting.substr(1), std::string(100000, '\0'),
                                  std::string("\0AUTH EXTERNAL 7a7a\r\n", 21) + std::string(100000, 'x'),
                                  greeting + "\xff\xff\xff\xff garbage garbage garbage garbage"};
  for (const auto& bytes : requests) {
    const UniqueFd fd = bus.raw_client();
    (void)!::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    CHECK_TRUE(closed(fd));
    LONGS_EQUAL(0, bus.server->clients());
  }
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, a_message_of_two_gigabytes_is_not_waited_for) {
  const UniqueFd fd = bus.raw_client();
  std::string bytes("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29);
  bytes += std::string("l\1\0\1\xff\xff\xff\x7f\1\0\0\0\x10\0\0\0", 16);  // body length 0x7fffffff
  LONGS_EQUAL(bytes.size(), ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  CHECK_TRUE(closed(fd));
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, a_client_that_dies_mid_call_is_forgotten) {
  bus.controls.wait = true;
  const pid_t child = ::fork();
  if (child == 0) {
    auto client = Client::connect(bus.socket);
    if (client) (void)client->run("lavd", {});
    ::_exit(0);
  }
  CHECK_TRUE(bus.turn_until([&] { return bus.controls.pending.size() == 1; }));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_TRUE(alone());
  bus.controls.pending[0]({});  // the answer finds nobody
  bus.controls.wait = false;
  STRCMP_EQUAL("", bus.logged.c_str());
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, a_server_that_goes_mid_call_is_seen_by_the_client) {
  bus.controls.wait = true;
  Result<void> result;
  bool connected = true;
  std::thread thread([&] {
    auto client = Client::connect(bus.socket);
    result = client->run("lavd", {});
    connected = client->connected();
  });
  CHECK_TRUE(bus.turn_until([&] { return bus.controls.pending.size() == 1; }));
  bus.server.reset();
  thread.join();
  CHECK_FALSE(result.has_value());
  CHECK_FALSE(connected);
  bus.controls.pending[0]({});
  bus.controls.wait = false;
  CHECK_TRUE(bus.open().has_value());
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, one_client_too_many_is_closed_at_once) {
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < PrivateServer::most_clients; ++i) clients.push_back(bus.raw_client());
  CHECK_TRUE(bus.turn_until([&] { return bus.server->clients() == PrivateServer::most_clients; }));
  bool refused = false;
  bool reachable = true;
  bus.serve([&] {
    auto client = Client::connect(bus.socket);
    refused = !client.has_value();
    reachable = refused && client.error().code == Errc::denied;
  });
  CHECK_TRUE(refused);
  CHECK_FALSE(reachable);
  CHECK_TRUE(bus.logged.find("there are 64 clients already") != std::string::npos);
  clients.clear();
  CHECK_TRUE(alone());
  CHECK_TRUE(still_serves());
}

TEST(PrivateServer, many_clients_at_once_are_all_answered) {
  std::atomic<int> answers = 0;
  bus.serve([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        auto client = Client::connect(bus.socket);
        for (int call = 0; client && call < 10; ++call) answers += client->status().has_value() ? 1 : 0;
      });
    }
    for (auto& thread : threads) thread.join();
  });
  LONGS_EQUAL(160, answers.load());
}

TEST(PrivateServer, an_idle_client_wakes_nobody) {
  Result<Client> client = fail(Errc::failed, "");
  bus.serve([&] {
    client = Client::connect(bus.socket);
    (void)client->status();
  });
  LONGS_EQUAL(1, bus.server->clients());
  int turns = 0;
  bool over = false;
  const BeforePoll counter(bus.loop, [&] { ++turns; });
  Timer end(bus.loop);
  end.set(std::chrono::milliseconds(300), [&] { over = true; });
  while (!over) bus.loop.run_once(true);
  CHECK_TRUE(turns < 10);
}

TEST(PrivateServer, connecting_to_nobody_says_so) {
  const auto missing = Client::connect(bus.directory + "/none.sock");
  CHECK_FALSE(missing.has_value());
  CHECK_TRUE(missing.error().code == Errc::io);
  CHECK_TRUE(missing.error().text.find("none.sock") != std::string::npos);
}
