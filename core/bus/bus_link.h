#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/bus/connection.h"
#include "core/bus/message.h"
#include "core/loop/dir_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace schedkit {

// A client's connection to a message bus, or to a peer without one, that comes back by itself. While there is no bus it
// waits for the socket's directory to change; a bus that is there but refuses is tried again after 250 ms, then twice as
// long each time up to a minute. Nothing here blocks.
class BusLink {
 public:
  // The bus has greeted us: requests can be sent.
  using Up = std::function<void(sd_bus*)>;
  // The connection is lost: all slots on it must go before this returns. Also called when there was no Up.
  using Down = std::function<void()>;

  enum class End { bus, peer };

  // An empty `address` is the system bus. `loop` must outlive it; it may not be destroyed by a handler of a message.
  BusLink(Loop& loop, std::string address, Up up, Down down, End end = End::bus);
  ~BusLink();

  void open();
  // Calls Down when it was open.
  void close();

  bool is_open() const { return open_; }
  bool is_up() const { return up_now_; }
  sd_bus* bus() const { return connection_->bus(); }
  // Why it is not up; empty when it is, or is about to be.
  const std::string& trouble() const { return trouble_; }
  // How many messages came in.
  std::uint64_t wakeups() const { return wakeups_; }

 private:
  void attempt();
  int connect();
  void lost(int error);
  void wait(int error);
  void greeted();

  Loop& loop_;
  const std::string address_;
  const End end_;
  Up up_;
  Down down_;
  Timer timer_;
  Duration backoff_{0};
  std::unique_ptr<DirWatch> appears_;
  SlotPtr greeting_;
  SlotPtr counter_;
  std::unique_ptr<Connection> connection_;
  bool open_ = false;
  bool up_now_ = false;
  std::uint64_t wakeups_ = 0;
  std::string trouble_;
};

}  // namespace schedkit
