// Private to core/loop: how an owner holds its libuv handle.
#pragma once

#include <uv.h>

#include <memory>

namespace schedkit::detail {

// Closes instead of deleting; the memory goes with the close callback, one loop turn later.
struct CloseHandle {
  template <class Handle>
  void operator()(Handle* handle) const {
    auto* base = reinterpret_cast<uv_handle_t*>(handle);
    handle->data = nullptr;  // callbacks that are already queued find no owner
    uv_close(base, [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};

template <class Handle>
using HandlePtr = std::unique_ptr<Handle, CloseHandle>;

}  // namespace schedkit::detail
