#include "core/loop/before_poll.h"

#include "core/loop/handle.h"

namespace schedkit {

struct BeforePoll::Impl {
  detail::HandlePtr<uv_prepare_t> handle{new uv_prepare_t};
  std::function<void()> call;
};

BeforePoll::BeforePoll(Loop& loop, std::function<void()> call) : impl_(std::make_unique<Impl>()) {
  impl_->call = std::move(call);
  uv_prepare_init(loop.uv(), impl_->handle.get());
  impl_->handle->data = impl_.get();
  uv_prepare_start(impl_->handle.get(), [](uv_prepare_t* handle) {
    if (auto* impl = static_cast<Impl*>(handle->data)) {
      const auto held = impl->call;  // it may destroy its owner
      held();
    }
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(impl_->handle.get()));
}

BeforePoll::~BeforePoll() = default;

}  // namespace schedkit
