#include "core/source/proc_events.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace schedkit {

namespace {

constexpr int buffer_bytes = 1024 * 1024;

// struct proc_input of Linux 6.6, which Debian 12's header lacks: the second word is a mask of event kinds.
struct ProcInput {
  std::uint32_t operation;
  std::uint32_t events;
};

constexpr std::uint32_t wanted_events = proc_event::PROC_EVENT_FORK | proc_event::PROC_EVENT_EXEC |
                                        proc_event::PROC_EVENT_COMM |
                                        static_cast<std::uint32_t>(proc_event::PROC_EVENT_EXIT);

// `event` may be shorter than our idea of it: kinds we know fit into every kernel's.
void interpret(const proc_event& event, const std::function<void(const ProcEvent&)>& each) {
  using Kind = ProcEvent::Kind;
  switch (event.what) {
    case proc_event::PROC_EVENT_EXEC:
      each({Kind::exec, event.event_data.exec.process_pid, event.event_data.exec.process_tgid, 0});
      break;
    case proc_event::PROC_EVENT_COMM:
      each({Kind::rename, event.event_data.comm.process_pid, event.event_data.comm.process_tgid, 0});
      break;
    case proc_event::PROC_EVENT_FORK:
      each({Kind::fork, event.event_data.fork.child_pid, event.event_data.fork.child_tgid,
            event.event_data.fork.parent_tgid});
      break;
    case proc_event::PROC_EVENT_EXIT:
      each({Kind::exit, event.event_data.exit.process_pid, event.event_data.exit.process_tgid, 0});
      break;
    default: break;
  }
}

void interpret_message(std::span<const std::byte> message, const std::function<void(const ProcEvent&)>& each) {
  cn_msg header{};
  if (message.size() < sizeof(header)) return;
  std::memcpy(&header, message.data(), sizeof(header));
  if (header.id.idx != CN_IDX_PROC || header.id.val != CN_VAL_PROC) return;
  const auto body = message.subspan(sizeof(header));
  proc_event event{};
  if (header.len < offsetof(proc_event, event_data) + 8 || header.len > body.size()) return;
  std::memcpy(&event, body.data(), std::min<std::size_t>(header.len, sizeof(event)));
  interpret(event, each);
}

}  // namespace

void parse_proc_events(std::span<const std::byte> datagram, const std::function<void(const ProcEvent&)>& each) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size()) return;
    if (header.nlmsg_type == NLMSG_DONE) {
      interpret_message(datagram.subspan(sizeof(header), header.nlmsg_len - sizeof(header)), each);
    }
    datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
}

Result<void> ProcEventSocket::subscribe(std::uint32_t operation, bool filtered) {
  const ProcInput input{operation, wanted_events};
  cn_msg message{};
  message.id = {CN_IDX_PROC, CN_VAL_PROC};
  message.len = static_cast<std::uint16_t>(filtered ? sizeof(input) : sizeof(input.operation));
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof(header) + sizeof(message) + message.len);
  header.nlmsg_type = NLMSG_DONE;
  std::array<std::byte, sizeof(header) + sizeof(message) + sizeof(input)> bytes;
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &message, sizeof(message));
  std::memcpy(bytes.data() + sizeof(header) + sizeof(message), &input, sizeof(input));
  if (::send(fd_.get(), bytes.data(), header.nlmsg_len, 0) < 0)
    return fail_errno(errno, "cannot ask for process events");
  return {};
}

// The kernel answers neither a refused nor a misunderstood request, so we do something that must be reported: naming
// this thread as it is named.
bool ProcEventSocket::hears_itself() {
  std::array<char, 16> name{};
  if (::prctl(PR_GET_NAME, name.data()) != 0 || ::prctl(PR_SET_NAME, name.data()) != 0) return false;
  const auto self = static_cast<std::int32_t>(::gettid());
  bool heard = false;
  const auto listen = [&](const ProcEvent& event) {
    heard = heard || (event.kind == ProcEvent::Kind::rename && event.thread == self);
  };
  return receive(SIZE_MAX, listen).has_value() && heard;
}

Result<ProcEventSocket> ProcEventSocket::open() {
  UniqueFd fd(::socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
  if (!fd) return fail_errno(errno, "cannot open a netlink connector socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return fail_errno(errno, "cannot join the process events group");
  }
  ProcEventSocket socket(std::move(fd));
  if (auto sized = socket.set_buffer(buffer_bytes); !sized) return fail(std::move(sized.error()));
  for (const bool filtered : {true, false}) {
    if (auto asked = socket.subscribe(PROC_CN_MCAST_LISTEN, filtered); !asked) return fail(std::move(asked.error()));
    socket.filtered_ = filtered;
    if (socket.hears_itself()) return socket;
  }
  return fail(
      Errc::unsupported,
      "the kernel sends no process events: CONFIG_PROC_EVENTS and CAP_NET_ADMIN in the initial namespaces are needed");
}

// Kernels before 6.6 count listeners only by these messages.
ProcEventSocket::~ProcEventSocket() {
  if (fd_) static_cast<void>(subscribe(PROC_CN_MCAST_IGNORE, filtered_));
}

Result<void> ProcEventSocket::set_buffer(int bytes) {
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0) return {};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0) return {};
  return fail_errno(errno, "cannot size the queue of process events");
}

Result<std::uint64_t> ProcEventSocket::receive(std::size_t most, const std::function<void(const ProcEvent&)>& each) {
  std::uint64_t lost = 0;
  std::array<std::byte, 8192> buffer;
  for (std::size_t count = 0; count < most; ++count) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof(sender);
    const ssize_t got = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (got >= 0) {
      // Only the kernel has port 0; any process may send to a multicast group.
      if (sender.nl_pid == 0) parse_proc_events({buffer.data(), static_cast<std::size_t>(got)}, each);
    } else if (errno == ENOBUFS) {
      ++lost;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return fail_errno(errno, "cannot read process events");
    }
  }
  return lost;
}

}  // namespace schedkit
