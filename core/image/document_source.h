#pragma once

#include <string>

#include "core/image/byte_source.h"

namespace schedkit {

// Reads `text`, which must outlive it.
class DocumentSource final : public ByteSource {
 public:
  explicit DocumentSource(const std::string& text) : text_(text) {}
  Result<std::size_t> read(char* buffer, std::size_t size) override {
    const std::size_t count = text_.copy(buffer, size, at_);
    at_ += count;
    return count;
  }

 private:
  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace schedkit
