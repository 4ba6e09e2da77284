#include "core/sched/gate_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "core/loop/timer.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

constexpr std::size_t max_connections = 16;
constexpr std::size_t max_message = 64 * 1024;
constexpr std::size_t max_descriptors = 8;
// crun connects when it creates the container and sends when it starts it; a loaded machine takes its time between.
constexpr Duration patience = std::chrono::minutes(2);

bool is_root(const UniqueFd& connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

struct Message {
  std::string metadata;
  std::int32_t pid = 0;
  std::size_t listener = 0;  // index among the descriptors
};

std::optional<Message> parse(const std::string& text) {
  const Json state = Json::parse(text, nullptr, false);
  if (!state.is_object()) return std::nullopt;
  const auto metadata = state.find("metadata");
  const auto fds = state.find("fds");
  const auto pid = state.find("pid");
  if (metadata == state.end() || !metadata->is_string() || fds == state.end() || !fds->is_array()) return std::nullopt;
  Message message;
  message.metadata = metadata->get<std::string>();
  if (pid != state.end() && pid->is_number_integer()) message.pid = pid->get<std::int32_t>();
  for (const auto& name : *fds) {
    if (name == "seccompFd") return message;
    ++message.listener;
  }
  return std::nullopt;
}

void take_descriptors(const msghdr& header, std::vector<UniqueFd>& descriptors) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&header), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(fd);
    }
  }
}

}  // namespace

struct GateServer::Connection {
  Connection(Loop& loop, UniqueFd connected) : fd(std::move(connected)), deadline(loop) {}

  UniqueFd fd;
  std::string text;
  std::vector<UniqueFd> descriptors;
  Timer deadline;
  std::unique_ptr<FdWatch> watch;
};

GateServer::GateServer(Loop& loop, std::string path, Arrived arrived)
    : loop_(loop), path_(std::move(path)), arrived_(std::move(arrived)) {}

GateServer::~GateServer() {
  if (socket_) ::unlink(path_.c_str());
}

Result<std::unique_ptr<GateServer>> GateServer::create(Loop& loop, const std::string& path, Arrived arrived) {
  std::unique_ptr<GateServer> server(new GateServer(loop, path, std::move(arrived)));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(Errc::limit, "the path {} is too long for a socket; choose a shorter run directory", path);
  }
  path.copy(address.sun_path, path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno(errno, "cannot make the gate's socket");
  ::unlink(path.c_str());
  // The mode is set before anybody can connect, since listen() comes later.
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return fail_errno(errno, "cannot bind the gate's socket " + path);
  }
  server->socket_ = std::move(socket);
  if (::chmod(path.c_str(), 0600) != 0) return fail_errno(errno, "cannot protect " + path);
  if (::listen(server->socket_.get(), max_connections) != 0) return fail_errno(errno, "cannot listen on " + path);
  auto watch = FdWatch::create(loop, server->socket_.get(), [raw = server.get()](FdWatch::Ready) { raw->accept(); });
  if (!watch) return fail(std::move(watch.error()));
  server->watch_ = std::move(*watch);
  server->watch_->want_readable();
  return server;
}

void GateServer::accept() {
  UniqueFd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection) serve(std::move(connection));
}

void GateServer::serve(UniqueFd fd) {
  if (connections_.size() >= max_connections || !is_root(fd)) return;
  auto& connection = *connections_.emplace_back(std::make_unique<Connection>(loop_, std::move(fd)));
  auto watch = FdWatch::create(loop_, connection.fd.get(), [this, &connection](FdWatch::Ready) { read(connection); });
  if (!watch) return drop(connection);
  connection.watch = std::move(*watch);
  connection.watch->want_readable();
  connection.deadline.set(patience, [this, &connection] { drop(connection); });
}

void GateServer::read(Connection& connection) {
  std::array<char, 4096> buffer{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_descriptors)> control{};
  iovec piece{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(connection.fd.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return drop(connection);
  take_descriptors(header, connection.descriptors);
  connection.text.append(buffer.data(), static_cast<std::size_t>(size));
  if (connection.text.size() > max_message || connection.descriptors.size() > max_descriptors) return drop(connection);
  // The object has no length before it and the sender may keep the connection: it is complete when it parses.
  if (Json::accept(connection.text)) handle(connection);
}

void GateServer::handle(Connection& connection) {
  const auto message = parse(connection.text);
  if (message && message->listener < connection.descriptors.size()) {
    arrived_(message->metadata, message->pid, connection.descriptors[message->listener]);
  }
  drop(connection);
}

void GateServer::drop(Connection& connection) {
  connections_.remove_if([&](const auto& candidate) { return candidate.get() == &connection; });
}

}  // namespace schedkit
