#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/bus/message.h"
#include "core/loop/before_poll.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace schedkit {

// Drives one started sd_bus on the loop. sd-bus says anew before each wait what it waits for (sd_bus_get_events,
// sd_bus_get_timeout); polling only for input would lose messages and timeouts. An idle connection wakes nobody.
class Connection {
 public:
  // Why the connection ended, as an errno value. Called once, from a later turn, and may destroy the connection; not
  // called when the owner destroys it first.
  using Closed = std::function<void(int error)>;

  // A peer that is told more than `most_queued` messages without reading them is given up.
  static Result<std::unique_ptr<Connection>> create(Loop& loop, BusPtr bus, Closed closed,
                                                    std::uint64_t most_queued = 256);
  // Must not be destroyed by a handler of a message of this connection.
  ~Connection();

  sd_bus* bus() const { return bus_.get(); }

  // `drained` is called often while nothing waits to be written.
  void when_drained(std::function<void()> drained) { drained_ = std::move(drained); }

 private:
  Connection(Loop& loop, BusPtr bus, Closed closed, std::uint64_t most_queued);

  void prepare();
  void process();
  void close(int error);

  BusPtr bus_;
  // A descriptor of our own: sd-bus closes its one by itself when the peer dies, and libuv aborts on a watched
  // descriptor that somebody else closed.
  UniqueFd fd_;
  Closed closed_;
  std::function<void()> drained_;
  const std::uint64_t most_queued_;
  Timer timer_;
  std::unique_ptr<FdWatch> watch_;
  std::unique_ptr<BeforePoll> before_poll_;
  std::uint64_t armed_ = UINT64_MAX;  // what the timer waits for, in sd-bus' microseconds
};

}  // namespace schedkit
