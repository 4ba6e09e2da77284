#include "core/loop/loop.h"

#include <uv.h>

#include <cstdlib>

#include "core/base/log.h"

namespace schedkit {

Loop::Loop() : loop_(new uv_loop_t) {
  if (const int error = uv_loop_init(loop_); error != 0) {
    log::error("cannot make an event loop: {}", uv_strerror(error));
    std::abort();
  }
}

namespace {

// Programs whose owner went before they were reaped (child.cc).
void close_abandoned(uv_handle_t* handle, void*) {
  if (handle->type != UV_PROCESS || handle->data != nullptr || uv_is_closing(handle) != 0) return;
  uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<uv_process_t*>(closed); });
}

}  // namespace

Loop::~Loop() {
  while (uv_run(loop_, UV_RUN_DEFAULT) != 0) {
  }
  uv_walk(loop_, close_abandoned, nullptr);
  while (uv_run(loop_, UV_RUN_DEFAULT) != 0) {
  }
  if (uv_loop_close(loop_) != 0) {
    log::error("an owner of a loop handle outlived its loop");
    std::abort();
  }
  delete loop_;
}

void Loop::run() { uv_run(loop_, UV_RUN_DEFAULT); }

bool Loop::run_once(bool wait) { return uv_run(loop_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0; }

void Loop::stop() { uv_stop(loop_); }

}  // namespace schedkit
