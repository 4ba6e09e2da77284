// What a scheduler prints. Its standard output and error are FIFOs in the run's directory, which it holds open for
// reading and writing: while the daemon is away it gets neither SIGPIPE nor EOF, and what it prints is kept for the
// next daemon, up to 1 MiB per FIFO (hours for most; a scheduler that prints 100 bytes every 100 ms fills it in 17
// minutes). Beyond that its writes block until a daemon reads again: dropping instead would need O_NONBLOCK, and the
// EAGAIN it brings ends many programs (Rust's println! panics).
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"

namespace schedkit {

// Cuts a stream into lines of at most 8 KiB (longer ones continue as another line). Line ends and the empty are
// dropped.
class LineSplitter {
 public:
  void feed(std::string_view bytes, const std::function<void(std::string)>& line);
  // An unfinished line, if any.
  void finish(const std::function<void(std::string)>& line);

 private:
  std::string rest_;
};

class Output {
 public:
  static constexpr std::size_t kept_lines = 256;

  // Called on the loop with each line.
  using OnLine = std::function<void(const std::string& line)>;

  // Makes the FIFOs "stdout" and "stderr" in `directory`, or opens those of an earlier daemon, and reads them.
  static Result<std::unique_ptr<Output>> create(Loop& loop, const std::string& directory, OnLine on_line);

  // Descriptors for the scheduler: blocking, other open files than those we read.
  Result<UniqueFd> open_stdout() const;
  Result<UniqueFd> open_stderr() const;

  // Takes what is there without waiting: after the scheduler's end.
  void drain();

  // The last lines, oldest first.
  std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

  // The last `count` of them as one text.
  std::string tail(std::size_t count) const;

 private:
  struct Stream {
    UniqueFd fd;
    LineSplitter splitter;
    std::unique_ptr<FdWatch> watch;
  };

  Output(std::string directory, OnLine on_line);
  Result<void> open(Loop& loop, Stream& stream, const char* name);
  bool read(Stream& stream);
  void keep(std::string line);

  const std::string directory_;
  const OnLine on_line_;
  std::deque<std::string> lines_;
  std::array<Stream, 2> streams_;
};

}  // namespace schedkit
