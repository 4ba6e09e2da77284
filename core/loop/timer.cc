#include "core/loop/timer.h"

#include <utility>

#include "core/loop/handle.h"

namespace schedkit {

struct Timer::Impl {
  detail::HandlePtr<uv_timer_t> handle{new uv_timer_t};
  std::function<void()> fire;
};

Timer::Timer(Loop& loop) : impl_(std::make_unique<Impl>()) {
  uv_timer_init(loop.uv(), impl_->handle.get());
  impl_->handle->data = impl_.get();
}

Timer::~Timer() = default;

void Timer::set(Duration delay, std::function<void()> fire) {
  impl_->fire = std::move(fire);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(std::max(delay, Duration::zero())).count();
  // libuv counts from its cached time, which is old after long work.
  uv_update_time(impl_->handle->loop);
  uv_timer_start(
      impl_->handle.get(),
      [](uv_timer_t* handle) {
        auto* impl = static_cast<Impl*>(handle->data);
        if (impl == nullptr) return;
        const auto call = std::exchange(impl->fire, nullptr);  // it may set the timer again or destroy it
        if (call) call();
      },
      static_cast<std::uint64_t>(milliseconds), 0);
}

void Timer::set_at(Instant when, std::function<void()> fire) {
  set(when - std::chrono::steady_clock::now(), std::move(fire));
}

void Timer::cancel() {
  uv_timer_stop(impl_->handle.get());
  impl_->fire = nullptr;
}

bool Timer::is_set() const { return impl_->fire != nullptr; }

}  // namespace schedkit
