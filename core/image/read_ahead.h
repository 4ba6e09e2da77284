// Reads a source in a thread of its own, so that inflating and writing files overlap.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/image/byte_source.h"

namespace schedkit {

class ReadAhead final : public ByteSource {
 public:
  // `source` must outlive it and is used by the thread alone.
  explicit ReadAhead(ByteSource& source);
  // Waits for a read of `source` that is under way.
  ~ReadAhead() override;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  Result<std::size_t> read(char* buffer, std::size_t size) override;

 private:
  struct Piece {
    std::vector<char> bytes = std::vector<char>(256u << 10);
    std::size_t size = 0;
  };

  void run();
  Result<void> fill(Piece& piece);

  ByteSource& source_;
  std::array<Piece, 4> pieces_;  // a ring: read_ … filled_ - 1 are full
  std::size_t offset_ = 0;       // within the piece at read_

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::size_t read_ = 0;
  std::size_t filled_ = 0;
  bool ended_ = false;
  bool stop_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace schedkit
