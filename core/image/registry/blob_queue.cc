#include "core/image/registry/blob_queue.h"

#include <algorithm>
#include <utility>

namespace schedkit::registry {

class BlobQueue::Call final : public BlobCall {
 public:
  Call(BlobQueue& queue, Reference reference, Descriptor blob, BlobStart start, BlobSink& sink,
       std::function<void(Result<BlobEnd>)> done)
      : queue_(queue),
        reference_(std::move(reference)),
        blob_(std::move(blob)),
        start_(std::move(start)),
        sink_(sink),
        done_(std::move(done)) {}
  ~Call() override { queue_.remove(*this); }

  void resume() override {
    if (fetch_) fetch_->resume();
  }

  const Digest& digest() const { return blob_.digest; }

  // Errors that need no network are told like the others.
  void begin() {
    auto endpoints = check();
    if (!endpoints) {
      refused_ = std::move(endpoints.error());
      return;
    }
    fetch_ = std::make_unique<BlobFetch>(queue_.context_, std::move(*endpoints), blob_, std::move(start_), sink_,
                                         [this](Result<void> result) { queue_.ended(*this, std::move(result)); });
  }
  const std::optional<Error>& refused() const { return refused_; }

  void finish(Result<BlobEnd> end) {
    const auto done = std::move(done_);
    done(std::move(end));
  }

 private:
  Result<std::vector<Endpoint>> check() const {
    if (blob_.size > queue_.context_.limits.blob_bytes) {
      return fail(Errc::limit, "blob {} of {} bytes is larger than the {} allowed", blob_.digest.to_string(),
                  blob_.size, queue_.context_.limits.blob_bytes);
    }
    Reference by_digest = reference_;
    by_digest.digest = blob_.digest;
    // Which mirrors may serve it depends on how the image was named, and a blob always is named by digest.
    return endpoints_for(reference_.digest ? reference_ : by_digest, queue_.context_.settings.rules);
  }

  BlobQueue& queue_;
  Reference reference_;
  Descriptor blob_;
  BlobStart start_;
  BlobSink& sink_;
  std::function<void(Result<BlobEnd>)> done_;
  std::unique_ptr<BlobFetch> fetch_;
  std::optional<Error> refused_;
};

std::unique_ptr<BlobCall> BlobQueue::add(const Reference& reference, const Descriptor& blob, BlobStart start,
                                         BlobSink& sink, std::function<void(Result<BlobEnd>)> done) {
  auto call = std::make_unique<Call>(*this, reference, blob, std::move(start), sink, std::move(done));
  waiting_.push_back(call.get());
  admit_later();
  return call;
}

void BlobQueue::remove(Call& call) {
  waiting_.remove(&call);
  std::erase(served_, &call);
  const auto before = running_.size();
  running_.remove(&call);
  if (running_.size() != before) admit_later();
}

void BlobQueue::ended(Call& call, Result<void> result) {
  running_.remove(&call);
  if (result) {
    for (Call* other : waiting_) {
      if (other->digest() == call.digest()) served_.push_back(other);
    }
    for (Call* other : served_) waiting_.remove(other);
  }
  admit_later();
  if (result) {
    call.finish(BlobEnd::written);
  } else {
    call.finish(fail(std::move(result.error())));
  }
}

void BlobQueue::admit_later() {
  if (!timer_.is_set()) timer_.set(Duration::zero(), [this] { admit(); });
}

bool BlobQueue::under_way(const Digest& digest) const {
  return std::ranges::any_of(running_, [&](const Call* call) { return call->digest() == digest; });
}

void BlobQueue::admit() {
  while (!served_.empty()) {
    Call* call = served_.back();
    served_.pop_back();
    call->finish(BlobEnd::elsewhere);  // may destroy any call
  }
  for (;;) {
    const auto next = std::ranges::find_if(waiting_, [&](const Call* call) { return !under_way(call->digest()); });
    if (next == waiting_.end() || running_.size() >= std::max(1u, context_.settings.parallel)) return;
    Call* call = *next;
    waiting_.erase(next);
    call->begin();
    if (call->refused()) {
      call->finish(fail(*call->refused()));  // may destroy any call
    } else {
      running_.push_back(call);
    }
  }
}

}  // namespace schedkit::registry
