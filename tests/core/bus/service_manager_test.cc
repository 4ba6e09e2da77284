// What goes to a service manager's socket, and what the next program gets: with a receiver in the manager's place.
#include "core/bus/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "tests/core/sched/temporary_directory.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

struct Notice {
  std::string text;
  UniqueFd fd;
};

Notice receive(const UniqueFd& socket) {
  std::array<char, 4096> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec piece{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  Notice notice{std::string(text.data(), static_cast<std::size_t>(size > 0 ? size : 0)), {}};
  if (const cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr && part->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(part), sizeof(fd));
    notice.fd.reset(fd);
  }
  return notice;
}

}  // namespace

TEST_GROUP(ServiceManager) {
  TemporaryDirectory directory;
  UniqueFd socket;

  void setup() override {
    const std::string path = directory / "notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    CHECK_EQUAL(0, ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void teardown() override { ::unsetenv("NOTIFY_SOCKET"); }
};

TEST(ServiceManager, keeps_a_descriptor_by_its_name_until_told_otherwise) {
  CHECK_TRUE(descriptors_are_kept());
  std::array<int, 2> ends{};
  CHECK_EQUAL(0, ::pipe(ends.data()));
  const UniqueFd reader(ends[0]);
  {
    const UniqueFd writer(ends[1]);
    store_descriptor("gate-a-1", writer);
  }
  const auto stored = receive(socket);
  STRCMP_EQUAL("FDSTORE=1\nFDNAME=gate-a-1", stored.text.c_str());
  CHECK_EQUAL(1, ::write(stored.fd.get(), "x", 1));  // the same pipe, though ours is closed
  char got = 0;
  CHECK_EQUAL(1, ::read(reader.get(), &got, 1));
  remove_stored_descriptor("gate-a-1");
  STRCMP_EQUAL("FDSTOREREMOVE=1\nFDNAME=gate-a-1", receive(socket).text.c_str());
}

TEST(ServiceManager, without_one_nothing_is_sent) {
  ::unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(descriptors_are_kept());
  store_descriptor("gate-a-1", socket);
  STRCMP_EQUAL("", receive(socket).text.c_str());
}

TEST(ServiceManager, the_program_run_anew_gets_descriptors_with_their_names) {
  std::array<int, 2> first{}, second{}, out{};
  CHECK_EQUAL(0, ::pipe2(first.data(), O_CLOEXEC));
  CHECK_EQUAL(0, ::pipe2(second.data(), O_CLOEXEC));
  CHECK_EQUAL(0, ::pipe(out.data()));
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    hand_over(
        {{"gate-b", second[1]}, {"gate-a", first[1]}},
        {"/bin/sh", "-c", "echo $LISTEN_FDS $LISTEN_FDNAMES $((LISTEN_PID == $$)); echo second >&3; echo first >&4"});
    ::_exit(1);
  }
  for (const int fd : {first[1], second[1], out[1]}) ::close(fd);
  int status = 0;
  CHECK_EQUAL(child, ::waitpid(child, &status, 0));
  CHECK_EQUAL(0, status);
  const auto all = [](int fd) {
    const UniqueFd owned(fd);
    std::array<char, 256> text{};
    const ssize_t size = ::read(fd, text.data(), text.size());
    return std::string(text.data(), static_cast<std::size_t>(size > 0 ? size : 0));
  };
  STRCMP_EQUAL("2 gate-b:gate-a 1\n", all(out[0]).c_str());
  STRCMP_EQUAL("first\n", all(first[0]).c_str());
  STRCMP_EQUAL("second\n", all(second[0]).c_str());
}
