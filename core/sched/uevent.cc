#include "core/sched/uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace schedkit {

std::optional<Uevent> parse_uevent(std::string_view message) {
  const auto head = message.substr(0, message.find('\0'));
  const auto at = head.find('@');
  if (head.size() == message.size() || at == std::string_view::npos || at == 0) return std::nullopt;
  if (head.size() == at + 1 || head[at + 1] != '/') return std::nullopt;
  return Uevent{std::string(head.substr(0, at)), std::string(head.substr(at + 1))};
}

Result<UniqueFd> open_uevent_socket() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!fd) return fail_errno(errno, "cannot open a uevent socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;  // the kernel's own; 2 is udev's
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return fail_errno(errno, "cannot listen to uevents");
  }
  return fd;
}

UeventRead read_uevent(const UniqueFd& socket) {
  std::array<char, 8192> buffer{};
  sockaddr_nl sender{};
  iovec piece{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof(sender);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  const ssize_t size = ::recvmsg(socket.get(), &message, 0);
  if (size < 0) return {errno == ENOBUFS ? UeventRead::Kind::lost : UeventRead::Kind::empty, {}};
  const bool from_kernel =
      message.msg_namelen == sizeof(sender) && sender.nl_family == AF_NETLINK && sender.nl_pid == 0;
  if (!from_kernel || (message.msg_flags & MSG_TRUNC) != 0) return {UeventRead::Kind::ignored, {}};
  auto event = parse_uevent({buffer.data(), static_cast<std::size_t>(size)});
  if (!event) return {UeventRead::Kind::ignored, {}};
  return {UeventRead::Kind::event, std::move(*event)};
}

}  // namespace schedkit
