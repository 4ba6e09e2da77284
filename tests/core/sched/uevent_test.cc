#include "core/sched/uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::string_view_literals;

TEST_GROUP(UeventParsing){};

TEST(UeventParsing, takes_action_and_path) {
  const auto event = parse_uevent("add@/kernel/sched_ext/root\0ACTION=add\0SCXOPS=x\0"sv);
  CHECK(event == (Uevent{"add", "/kernel/sched_ext/root"}));
}

TEST(UeventParsing, refuses_what_is_none) {
  CHECK_FALSE(parse_uevent("libudev\0\xfe\xed"sv).has_value());
  CHECK_FALSE(parse_uevent("add@/kernel/sched_ext/root"sv).has_value());  // cut off
  CHECK_FALSE(parse_uevent("@/kernel\0"sv).has_value());
  CHECK_FALSE(parse_uevent("add@\0"sv).has_value());
  CHECK_FALSE(parse_uevent("add@kernel\0"sv).has_value());
  CHECK_FALSE(parse_uevent(""sv).has_value());
}

// Any process may send to another's netlink port, and root to the kernel's group.
TEST(UeventParsing, forged_messages_are_ignored) {
  const auto receiver = open_uevent_socket();
  CHECK(receiver.has_value());
  sockaddr_nl address{};
  socklen_t size = sizeof(address);
  CHECK_EQUAL(0, ::getsockname(receiver->get(), reinterpret_cast<sockaddr*>(&address), &size));
  address.nl_groups = 0;
  const UniqueFd sender(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  const auto forged = "remove@/kernel/sched_ext/root\0ACTION=remove\0"sv;
  const auto sent = ::sendto(sender.get(), forged.data(), forged.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                             sizeof(address));
  if (sent < 0) {
    UT_PRINT("skipped: netlink messages between processes are not permitted here");
    return;
  }
  auto read = read_uevent(*receiver);
  while (read.kind == UeventRead::Kind::event) read = read_uevent(*receiver);  // the machine's own, meanwhile
  CHECK(read.kind == UeventRead::Kind::ignored);
}
