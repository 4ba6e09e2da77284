#include "core/sched/gate_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

// What crun 1.8.1 sends.
static const std::string state = R"({"ociVersion": "0.2.0", "fds": ["seccompFd"], "pid": 2003, "metadata": "y1",
  "state": {"ociVersion": "0.2.0", "id": "y1", "status": "creating", "pid": 2003, "bundle": "/b"}})";

TEST_GROUP(GateHandOver) {
  TemporaryDirectory directory;
  Loop loop;
  std::unique_ptr<GateServer> server;
  UniqueFd peer;
  std::vector<std::string> arrived;
  std::vector<UniqueFd> taken;
  bool take = true;

  void setup() override {
    auto made = GateServer::create(loop, directory / "gate.sock",
                                   [this](const std::string& metadata, std::int32_t pid, UniqueFd& listener) {
                                     arrived.push_back(metadata + ":" + std::to_string(pid));
                                     if (take) taken.push_back(std::move(listener));
                                   });
    CHECK(made.has_value());
    server = std::move(*made);
  }

  void join() {
    std::array<int, 2> ends{};
    CHECK_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()));
    peer.reset(ends[0]);
    server->serve(UniqueFd(ends[1]));
  }

  void send(std::string text, std::vector<int> fds = {}) {
    iovec piece{text.data(), text.size()};
    alignas(cmsghdr) std::array<char, 256> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      cmsghdr* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
    }
    CHECK_EQUAL(static_cast<ssize_t>(text.size()), ::sendmsg(peer.get(), &message, MSG_NOSIGNAL));
  }

  bool dropped() {
    return run_until(loop, [this] { return server->connections() == 0; });
  }
};

TEST(GateHandOver, gives_the_listener_to_the_run_it_names) {
  join();
  std::array<int, 2> pipe{};
  CHECK_EQUAL(0, ::pipe2(pipe.data(), O_CLOEXEC));
  const UniqueFd reading(pipe[0]);
  const UniqueFd writing(pipe[1]);
  send(state, {writing.get()});
  CHECK(dropped());
  CHECK((arrived == std::vector<std::string>{"y1:2003"}));
  struct stat sent {};
  struct stat got {};
  ::fstat(writing.get(), &sent);
  ::fstat(taken.at(0).get(), &got);
  CHECK_EQUAL(sent.st_ino, got.st_ino);
  CHECK((::fcntl(taken.at(0).get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST(GateHandOver, closes_a_listener_that_nobody_claims) {
  take = false;
  join();
  std::array<int, 2> pipe{};
  CHECK_EQUAL(0, ::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK));
  const UniqueFd reading(pipe[0]);
  UniqueFd writing(pipe[1]);
  send(state, {writing.get()});
  writing.reset();
  CHECK(dropped());
  char byte = 0;
  CHECK_EQUAL(0, ::read(reading.get(), &byte, 1));  // the end: nobody holds the other side
}

TEST(GateHandOver, takes_messages_in_pieces) {
  join();
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  send(state.substr(0, 10), {null.get()});
  loop.run_once(true);
  CHECK(arrived.empty());
  send(state.substr(10));
  CHECK(dropped());
  CHECK_EQUAL(1U, taken.size());
}

TEST(GateHandOver, takes_the_descriptor_that_is_called_seccomp) {
  join();
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  send(R"({"fds": ["other", "seccompFd"], "metadata": "a"})", {null.get(), zero.get()});
  CHECK(dropped());
  struct stat expected {};
  struct stat got {};
  ::fstat(zero.get(), &expected);
  ::fstat(taken.at(0).get(), &got);
  CHECK_EQUAL(expected.st_rdev, got.st_rdev);
}

TEST(GateHandOver, wrong_messages_are_dropped) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const char* text : {"{}", "[]", "1 ", R"({"metadata": "a"})", R"({"metadata": 1, "fds": ["seccompFd"]})",
                           R"({"metadata": "a", "fds": {}})", R"({"metadata": "a", "fds": ["x"]})",
                           R"({"metadata": "a", "fds": ["x", "seccompFd"]})"}) {
    join();
    send(text, {null.get()});
    CHECK(dropped());
  }
  join();
  send(state);  // without any descriptor
  CHECK(dropped());
  CHECK(arrived.empty());
}

TEST(GateHandOver, endless_messages_and_silent_closing_are_dropped) {
  join();
  for (int i = 0; i < 20 && server->connections() > 0; ++i) {
    const std::string junk(4096, '{');
    if (::send(peer.get(), junk.data(), junk.size(), MSG_NOSIGNAL) < 0) break;
    loop.run_once(true);
  }
  CHECK(dropped());
  join();
  peer.reset();
  CHECK(dropped());
}

TEST(GateHandOver, the_number_of_peers_is_limited) {
  std::vector<UniqueFd> peers;
  for (int i = 0; i < 40; ++i) {
    join();
    peers.push_back(std::move(peer));
  }
  CHECK_EQUAL(16U, server->connections());
}

TEST(GateHandOver, the_socket_is_for_root_and_goes_with_the_server) {
  struct stat status {};
  CHECK_EQUAL(0, ::stat((directory / "gate.sock").c_str(), &status));
  CHECK_EQUAL(0600U, status.st_mode & 0777U);
  server.reset();
  CHECK(::stat((directory / "gate.sock").c_str(), &status) != 0);
}

TEST(GateHandOver, connects_through_the_file_system) {
  UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  server->path().copy(address.sun_path, sizeof(address.sun_path) - 1);
  CHECK_EQUAL(0, ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  peer = std::move(client);
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  send(state, {null.get()});
  if (::geteuid() != 0) return;  // refused, as it must be
  CHECK(run_until(loop, [this] { return arrived.size() == 1; }));
}
