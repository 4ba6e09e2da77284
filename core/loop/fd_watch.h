#pragma once

#include <functional>
#include <memory>

#include "core/base/result.h"
#include "core/loop/loop.h"

namespace schedkit {

// Watches one descriptor that it does not own. The descriptor must stay open as long as the watch lives: stop first,
// then close, or libuv aborts. libuv makes it non-blocking, and refuses regular files and a second watch on the same
// descriptor.
class FdWatch {
 public:
  // What happened or is waited for; not the bits of poll(2).
  struct Ready {
    bool readable = false;
    bool writable = false;
    bool hangup = false;    // UV_DISCONNECT
    bool priority = false;  // POLLPRI
    bool failed = false;    // the descriptor reported an error; the watch has stopped itself
  };
  using OnReady = std::function<void(Ready)>;

  // `on_ready` is called from later turns and may destroy the watch.
  static Result<std::unique_ptr<FdWatch>> create(Loop& loop, int fd, OnReady on_ready);
  ~FdWatch();

  // What to wait for; all false stops. Calling it again with the same value costs nothing.
  void want(Ready ready);
  // The usual case.
  void want_readable() { want({.readable = true}); }

 private:
  struct Impl;
  explicit FdWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
