#pragma once

#include <sys/stat.h>

#include <list>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/bus/connection.h"
#include "core/bus/manager_service.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace schedkit {

// Serves the manager peer-to-peer (no bus daemon between) on a UNIX socket. A client that breaks the protocol, does not
// read its replies or dies loses its connection and nothing else happens.
class PrivateServer {
 public:
  enum class For {
    root,     // mode 0600; by SO_PEERCRED only root and the user the daemon runs as; everything
    readers,  // mode 0660, so those of the directory's group when it is setgid; what everybody may ask on a bus
  };

  // One more is closed at once.
  static constexpr std::size_t most_clients = 64;

  // Listens at `path`, whose directory is made when missing. A socket that nobody serves is replaced; Errc::busy when
  // another process serves it, Errc::exists when the path is no socket.
  static Result<std::unique_ptr<PrivateServer>> create(Loop& loop, std::string path, ManagerService& service,
                                                       For whom = For::root);
  // Removes the socket unless somebody else has replaced it.
  ~PrivateServer();

  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    std::unique_ptr<Connection> connection;
    std::unique_ptr<ManagerService::Attachment> attachment;  // must go before the connection
  };

  PrivateServer(Loop& loop, std::string path, ManagerService& service, For whom);

  Result<void> listen();
  void accept_clients();
  void rest();
  Result<void> serve(UniqueFd socket);

  Loop& loop_;
  const std::string path_;
  ManagerService& service_;
  const For whom_;
  UniqueFd socket_;
  struct stat file_ {};
  bool bound_ = false;
  bool full_ = false;  // so that one line is logged, not one per refused client
  Timer rest_;
  std::unique_ptr<FdWatch> watch_;  // after the socket: it must go first
  std::list<Client> clients_;
};

}  // namespace schedkit
