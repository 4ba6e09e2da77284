#include "core/loop/fd_watch.h"

#include "core/loop/handle.h"

namespace schedkit {

struct FdWatch::Impl {
  detail::HandlePtr<uv_poll_t> handle;
  std::shared_ptr<const OnReady> on_ready;  // shared with a call under way, which may destroy the watch
  int mask = 0;
};

namespace {

int mask_of(FdWatch::Ready ready) {
  return (ready.readable ? UV_READABLE : 0) | (ready.writable ? UV_WRITABLE : 0) | (ready.hangup ? UV_DISCONNECT : 0) |
         (ready.priority ? UV_PRIORITIZED : 0);
}

}  // namespace

FdWatch::FdWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FdWatch::~FdWatch() = default;

Result<std::unique_ptr<FdWatch>> FdWatch::create(Loop& loop, int fd, OnReady on_ready) {
  auto* raw = new uv_poll_t;
  if (const int error = uv_poll_init(loop.uv(), raw, fd); error != 0) {
    delete raw;  // a failed uv_poll_init registers nothing
    return fail_errno(-error, fmt::format("cannot watch descriptor {}", fd));
  }
  auto impl = std::make_unique<Impl>();
  impl->handle.reset(raw);
  impl->on_ready = std::make_shared<const OnReady>(std::move(on_ready));
  raw->data = impl.get();
  return std::unique_ptr<FdWatch>(new FdWatch(std::move(impl)));
}

void FdWatch::want(Ready ready) {
  const int mask = mask_of(ready);
  if (mask == impl_->mask) return;  // each uv_poll_start costs two system calls
  impl_->mask = mask;
  if (mask == 0) {
    uv_poll_stop(impl_->handle.get());
    return;
  }
  uv_poll_start(impl_->handle.get(), mask, [](uv_poll_t* handle, int status, int events) {
    auto* impl = static_cast<Impl*>(handle->data);
    if (impl == nullptr) return;
    Ready ready{.readable = (events & UV_READABLE) != 0,
                .writable = (events & UV_WRITABLE) != 0,
                .hangup = (events & UV_DISCONNECT) != 0,
                .priority = (events & UV_PRIORITIZED) != 0,
                .failed = status < 0};
    if (status < 0) {
      uv_poll_stop(handle);
      impl->mask = 0;
    }
    const auto call = impl->on_ready;
    (*call)(ready);
  });
}

}  // namespace schedkit
