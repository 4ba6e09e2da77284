// Where the container runtime hands over seccomp listeners (runtime-spec, config-linux.md "Seccomp", "The Container
// Process State"): a UNIX stream socket that gets one JSON object per connection, together with the descriptor that its
// "fds" calls "seccompFd". Only root is heard. What comes is checked and, unless somebody claims it, closed.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"

namespace schedkit {

class GateServer {
 public:
  // A listener for the run called `metadata`. Moving it out takes it; otherwise it is closed.
  using Arrived = std::function<void(const std::string& metadata, std::int32_t pid, UniqueFd& listener)>;

  // Makes `path` (mode 0600), replacing what an earlier daemon left.
  static Result<std::unique_ptr<GateServer>> create(Loop& loop, const std::string& path, Arrived arrived);
  ~GateServer();

  const std::string& path() const { return path_; }

  // Talks to one peer as if it had connected (tests).
  void serve(UniqueFd connection);

  std::size_t connections() const { return connections_.size(); }

 private:
  struct Connection;

  GateServer(Loop& loop, std::string path, Arrived arrived);
  void accept();
  void read(Connection& connection);
  void handle(Connection& connection);
  void drop(Connection& connection);

  Loop& loop_;
  const std::string path_;
  const Arrived arrived_;
  UniqueFd socket_;
  std::unique_ptr<FdWatch> watch_;
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace schedkit
