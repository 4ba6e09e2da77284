#include "core/image/read_ahead.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace schedkit {

ReadAhead::ReadAhead(ByteSource& source) : source_(source), thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || filled_ - read_ < pieces_.size(); });
    if (stop_) return;
    Piece& piece = pieces_[filled_ % pieces_.size()];
    lock.unlock();
    auto filled = fill(piece);
    lock.lock();
    if (piece.size > 0) ++filled_;
    if (!filled) error_ = std::move(filled.error());
    ended_ = error_ || piece.size < piece.bytes.size();
    changed_.notify_all();
    if (ended_) return;
  }
}

// Less than a whole piece only at the end or before an error.
Result<void> ReadAhead::fill(Piece& piece) {
  piece.size = 0;
  while (piece.size < piece.bytes.size()) {
    auto got = source_.read(piece.bytes.data() + piece.size, piece.bytes.size() - piece.size);
    if (!got) return fail(std::move(got.error()));
    if (*got == 0) return {};
    piece.size += *got;
  }
  return {};
}

Result<std::size_t> ReadAhead::read(char* buffer, std::size_t size) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || filled_ > read_; });
  if (filled_ == read_) {
    if (error_) return fail(*error_);
    return std::size_t{0};
  }
  Piece& piece = pieces_[read_ % pieces_.size()];
  lock.unlock();
  const std::size_t count = std::min(size, piece.size - offset_);
  std::memcpy(buffer, piece.bytes.data() + offset_, count);
  offset_ += count;
  if (offset_ < piece.size) return count;
  offset_ = 0;
  lock.lock();
  ++read_;
  changed_.notify_all();
  return count;
}

}  // namespace schedkit
