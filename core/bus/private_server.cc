#include "core/bus/private_server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr int backlog = 64;
constexpr int most_accepts_per_turn = 16;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(Errc::invalid, "the socket path {} is longer than the {} bytes a UNIX socket can have", quote(path),
                sizeof(address.sun_path) - 1);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

// Makes way for our socket at `path`.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno(errno, "cannot look at " + path);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return fail(Errc::exists, "{} is in the way of the daemon's socket and is no socket; remove it", path);
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return fail_errno(errno, "cannot make a socket");
  // A full backlog (EAGAIN) has a listener behind it too.
  if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN) {
    return fail(Errc::busy, "another process serves {}; stop the other schedkitd first", path);
  }
  if (errno != ECONNREFUSED) return fail_errno(errno, "cannot tell whether " + path + " is in use");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "cannot remove the stale " + path);
  return {};
}

std::string describe(const ucred& peer) {
  const auto comm = read_file(fmt::format("/proc/{}/comm", peer.pid), 64);
  return fmt::format("{} (pid {}, uid {})", comm ? bus::printable(trim(*comm)) : "a process", peer.pid, peer.uid);
}

}  // namespace

PrivateServer::PrivateServer(Loop& loop, std::string path, ManagerService& service, For whom)
    : loop_(loop), path_(std::move(path)), service_(service), whom_(whom), rest_(loop) {}

PrivateServer::~PrivateServer() {
  struct stat now {};
  if (bound_ && ::lstat(path_.c_str(), &now) == 0 && now.st_dev == file_.st_dev && now.st_ino == file_.st_ino) {
    ::unlink(path_.c_str());
  }
}

Result<std::unique_ptr<PrivateServer>> PrivateServer::create(Loop& loop, std::string path, ManagerService& service,
                                                             For whom) {
  std::unique_ptr<PrivateServer> server(new PrivateServer(loop, std::move(path), service, whom));
  if (auto listening = server->listen(); !listening) return fail(std::move(listening.error()));
  return server;
}

Result<void> PrivateServer::listen() {
  const auto address = address_of(path_);
  if (!address) return fail(address.error());
  const auto slash = path_.rfind('/');
  if (slash != std::string::npos && slash != 0) {
    if (auto made = make_directories(path_.substr(0, slash)); !made) return made;
  }
  if (auto removed = remove_stale(path_, *address); !removed) return removed;

  socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return fail_errno(errno, "cannot make a socket");
  // The file that bind() makes takes its mode from the socket: there is no moment in which others may connect.
  if (::fchmod(socket_.get(), 0600) != 0) return fail_errno(errno, "cannot set the mode of a socket");
  if (::bind(socket_.get(), generic(*address), sizeof(*address)) != 0) {
    return fail_errno(errno, "cannot make the socket " + path_);
  }
  if (::lstat(path_.c_str(), &file_) != 0) return fail_errno(errno, "cannot look at " + path_);
  bound_ = true;
  // The umask would take the group's part of it before.
  if (whom_ == For::readers && ::chmod(path_.c_str(), 0660) != 0) return fail_errno(errno, "cannot open " + path_);
  if (::listen(socket_.get(), backlog) != 0) return fail_errno(errno, "cannot listen on " + path_);

  auto watch = FdWatch::create(loop_, socket_.get(), [this](FdWatch::Ready) { accept_clients(); });
  if (!watch) return fail(std::move(watch.error()));
  watch_ = std::move(*watch);
  watch_->want_readable();
  return {};
}

void PrivateServer::accept_clients() {
  for (int count = 0; count < most_accepts_per_turn; ++count) {
    UniqueFd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log::error("cannot accept a client on {}: {}; waiting a second", path_, std::strerror(errno));
        rest();
        return;
      }
      if (errno == EAGAIN) return;
      continue;  // this client went away before it was accepted
    }
    if (auto served = serve(std::move(client)); !served) {
      log::warning("a client of {} is refused: {}", path_, served.error().describe());
    }
  }
}

// The waiting client keeps the socket readable: without a pause the loop would spin on it.
void PrivateServer::rest() {
  watch_->want({});
  rest_.set(std::chrono::seconds(1), [this] { watch_->want_readable(); });
}

Result<void> PrivateServer::serve(UniqueFd socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return fail_errno(errno, "cannot tell who it is");
  }
  if (whom_ == For::root && peer.uid != 0 && peer.uid != ::geteuid()) {
    return fail(Errc::denied, "uid {} may not use this socket (pid {})", peer.uid, peer.pid);
  }
  if (clients_.size() >= most_clients) {
    if (std::exchange(full_, true)) return {};
    return fail(Errc::limit, "there are {} clients already", most_clients);
  }
  full_ = false;

  sd_bus* raw = nullptr;
  if (const int error = sd_bus_new(&raw); error < 0) return fail_errno(-error, "cannot make a bus connection");
  BusPtr bus(raw);
  if (const int error = sd_bus_set_fd(raw, socket.get(), socket.get()); error < 0) {
    return fail_errno(-error, "cannot use the socket as a bus connection");
  }
  socket.release();  // sd-bus closes it
  sd_id128_t id{};
  int error = sd_id128_randomize(&id);
  if (error >= 0) error = sd_bus_set_server(raw, 1, id);
  // Who may connect may ask: SO_PEERCRED above, or the socket's mode, is the check; the attachment knows for what.
  if (error >= 0) error = sd_bus_set_trusted(raw, 1);
  if (error >= 0) error = sd_bus_negotiate_fds(raw, 0);
  if (error >= 0) error = sd_bus_start(raw);
  if (error < 0) return fail_errno(-error, "cannot start a bus connection");

  const auto place = clients_.emplace(clients_.end());
  auto connection = Connection::create(loop_, std::move(bus), [this, place](int) { clients_.erase(place); });
  if (!connection) {
    clients_.erase(place);
    return fail(std::move(connection.error()));
  }
  place->connection = std::move(*connection);
  auto attachment = service_.attach(place->connection->bus(), describe(peer), whom_ == For::readers);
  if (!attachment) {
    clients_.erase(place);
    return fail(std::move(attachment.error()));
  }
  place->attachment = std::move(*attachment);
  place->connection->when_drained([place] { place->attachment->drained(); });
  return {};
}

}  // namespace schedkit
