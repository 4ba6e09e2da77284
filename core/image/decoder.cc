#include "core/image/decoder.h"

#include <cstring>

namespace schedkit {

Result<void> CompressedInput::fill(std::size_t wanted) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (!ended_ && end_ < wanted) {
    auto got = source_.read(buffer_.data() + end_, buffer_.size() - end_);
    if (!got) return fail(std::move(got.error()));
    end_ += *got;
    total_ += *got;
    ended_ = *got == 0;
  }
  return {};
}

}  // namespace schedkit
