#include "core/loop/signals.h"

#include "core/loop/handle.h"

namespace schedkit {

struct Signals::Impl {
  std::vector<detail::HandlePtr<uv_signal_t>> handles;
  std::function<void(int)> call;
};

Signals::Signals(Loop& loop, const std::vector<int>& numbers, std::function<void(int)> call)
    : impl_(std::make_unique<Impl>()) {
  impl_->call = std::move(call);
  for (const int number : numbers) {
    detail::HandlePtr<uv_signal_t> handle(new uv_signal_t);
    uv_signal_init(loop.uv(), handle.get());
    handle->data = impl_.get();
    uv_signal_start(
        handle.get(),
        [](uv_signal_t* raised, int raised_number) {
          if (auto* impl = static_cast<Impl*>(raised->data)) {
            const auto held = impl->call;
            held(raised_number);
          }
        },
        number);
    impl_->handles.push_back(std::move(handle));
  }
}

Signals::~Signals() = default;

}  // namespace schedkit
