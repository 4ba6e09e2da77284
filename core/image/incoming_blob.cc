#include "core/image/incoming_blob.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/file.h"
#include "core/loop/work.h"

namespace schedkit {
namespace {

constexpr std::size_t most_queued = 4u << 20;
constexpr std::size_t few_queued = 2u << 20;

}  // namespace

class IncomingBlob::Reader final : public ByteSource {
 public:
  explicit Reader(std::shared_ptr<IncomingBlob> blob) : blob_(std::move(blob)) {}

  Result<std::size_t> read(char* buffer, std::size_t size) override {
    auto available = wait();
    if (!available) return fail(std::move(available.error()));
    if (*available == 0) return std::size_t{0};
    const std::size_t wanted = std::min<std::uint64_t>(size, *available);
    ssize_t got = 0;
    do {
      got = ::pread(blob_->fd_.get(), buffer, wanted, static_cast<off_t>(at_));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return fail_errno(errno, "cannot read " + blob_->path_);
    if (got == 0) return fail(Errc::io, "{} was cut off", blob_->path_);
    at_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  // Bytes that can be read; 0 at the end.
  Result<std::uint64_t> wait() {
    std::unique_lock lock(blob_->mutex_);
    blob_->changed_.wait(lock, [&] {
      return blob_->error_ || blob_->written_ > at_ ||
             (blob_->finished_ && blob_->queue_.empty() && blob_->in_work_ == 0);
    });
    if (blob_->error_) return fail(*blob_->error_);
    return blob_->written_ - at_;
  }

  std::shared_ptr<IncomingBlob> blob_;
  std::uint64_t at_ = 0;
};

Result<std::shared_ptr<IncomingBlob>> IncomingBlob::create(Loop& loop, const std::string& path, std::uint64_t have) {
  auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!fd) return fail(std::move(fd.error()));
  const auto size = static_cast<off_t>(have);
  if (::ftruncate(fd->get(), size) != 0 || ::lseek(fd->get(), size, SEEK_SET) != size) {
    return fail_errno(errno, "cannot prepare " + path);
  }
  return std::shared_ptr<IncomingBlob>(new IncomingBlob(loop, std::move(*fd), path, have));
}

Result<bool> IncomingBlob::write(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (error_) return fail(*error_);
    queue_.append(bytes);
    paused_ = queue_.size() + in_work_ > most_queued;
  }
  start_drain();
  return !paused_;
}

void IncomingBlob::finish(Result<void> arrived) {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    if (!arrived && !error_) error_ = std::move(arrived.error());
  }
  changed_.notify_all();
  start_drain();
}

void IncomingBlob::abort(const Error& why) {
  handlers_ = {};
  told_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = why;
    queue_.clear();
  }
  changed_.notify_all();
}

std::unique_ptr<ByteSource> IncomingBlob::open() { return std::make_unique<Reader>(shared_from_this()); }

void IncomingBlob::start_drain() {
  if (std::exchange(draining_, true)) return;
  run_in_pool(
      loop_, [self = shared_from_this()] { self->drain(); }, [self = shared_from_this()] { self->drained(); });
}

// In the pool. Does not wait for more, so that a slow sender holds no thread.
void IncomingBlob::drain() {
  std::unique_lock lock(mutex_);
  while (!queue_.empty() && !error_) {
    std::swap(queue_, outgoing_);
    in_work_ = outgoing_.size();
    lock.unlock();
    auto done = write_out(outgoing_);
    write_back_.reached(fd_.get(), written_ + outgoing_.size());  // only this thread moves written_
    lock.lock();
    if (done) written_ += outgoing_.size();
    outgoing_.clear();
    in_work_ = 0;
    if (!done && !error_) error_ = std::move(done.error());
    changed_.notify_all();
  }
}

void IncomingBlob::drained() {
  draining_ = false;
  std::unique_lock lock(mutex_);
  const std::size_t left = queue_.size();
  const bool over = error_ || (finished_ && left == 0);
  Result<void> result = error_ ? Result<void>(fail(*error_)) : Result<void>();
  lock.unlock();
  if (left > 0 && !over) start_drain();
  const auto handlers = handlers_;  // one of them may replace them
  if (paused_ && left < few_queued) {
    paused_ = false;
    if (handlers.on_room) handlers.on_room();
  }
  if (!over || std::exchange(told_, true)) return;
  changed_.notify_all();
  if (handlers.on_stored) handlers.on_stored(std::move(result));
}

Result<void> IncomingBlob::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "cannot write " + path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace schedkit
