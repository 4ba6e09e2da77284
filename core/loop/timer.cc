#include "core/loop/timer.h"

#include <utility>

#include "core/loop/handle.h"

namespace schedkit {

struct Timer::Impl {
  detail::HandlePtr<uv_timer_t> handle{new uv_timer_t};
  Instant due;
  std::function<void()> fire;

  void start(Duration delay);
  void on_expiry();
};

void Timer::Impl::start(Duration delay) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(std::max(delay, Duration::zero())).count();
  // libuv counts from its cached time, which is old after long work.
  uv_update_time(handle->loop);
  uv_timer_start(
      handle.get(),
      [](uv_timer_t* expired) {
        if (expired->data != nullptr) static_cast<Impl*>(expired->data)->on_expiry();
      },
      static_cast<std::uint64_t>(milliseconds), 0);
}

void Timer::Impl::on_expiry() {
  // libuv compares whole milliseconds, both cut off: it is up to one early.
  if (const Duration rest = due - std::chrono::steady_clock::now(); rest > Duration::zero()) return start(rest);
  const auto call = std::exchange(fire, nullptr);  // it may set the timer again or destroy it
  if (call) call();
}

Timer::Timer(Loop& loop) : impl_(std::make_unique<Impl>()) {
  uv_timer_init(loop.uv(), impl_->handle.get());
  impl_->handle->data = impl_.get();
}

Timer::~Timer() = default;

void Timer::set(Duration delay, std::function<void()> fire) {
  set_at(std::chrono::steady_clock::now() + delay, std::move(fire));
}

void Timer::set_at(Instant when, std::function<void()> fire) {
  impl_->fire = std::move(fire);
  impl_->due = when;
  impl_->start(when - std::chrono::steady_clock::now());
}

void Timer::cancel() {
  uv_timer_stop(impl_->handle.get());
  impl_->fire = nullptr;
}

bool Timer::is_set() const { return impl_->fire != nullptr; }

}  // namespace schedkit
