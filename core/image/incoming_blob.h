// A blob that is being downloaded: the loop puts bytes in, the thread pool writes them to a file, and a reader in the
// pool may follow the growing file. Memory is bounded: beyond 4 MiB that are not written yet the sender must pause.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/image/byte_source.h"
#include "core/image/write_back.h"
#include "core/loop/loop.h"

namespace schedkit {

class IncomingBlob : public std::enable_shared_from_this<IncomingBlob> {
 public:
  struct Handlers {
    std::function<void()> on_room = {};                // after write() said false: go on
    std::function<void(Result<void>)> on_stored = {};  // once after finish(): everything is in the file, or why not
  };

  // The file at `path` is made, or goes on after its first `have` bytes. Shared with the pool's work under way; the
  // handlers are called on the loop thread, until abort().
  static Result<std::shared_ptr<IncomingBlob>> create(Loop& loop, const std::string& path, std::uint64_t have = 0);

  void set_handlers(Handlers handlers) { handlers_ = std::move(handlers); }

  // On the loop thread. False: enough for now. An error of the disk ends it.
  Result<bool> write(std::string_view bytes);
  // On the loop thread, once: nothing more comes, and what came is whole and has its digest, or the error.
  void finish(Result<void> arrived);
  // On the loop thread: whoever reads gets `why`; no handler is called any more.
  void abort(const Error& why);

  // Reads from the beginning and waits for what is not there yet. Its end comes only after a good finish(). To be used
  // in the pool; keeps this alive.
  std::unique_ptr<ByteSource> open();

 private:
  class Reader;

  IncomingBlob(Loop& loop, UniqueFd fd, std::string path, std::uint64_t have)
      : loop_(loop), fd_(std::move(fd)), path_(std::move(path)), written_(have) {}

  void start_drain();
  void drain();
  void drained();
  Result<void> write_out(std::string_view bytes);

  Loop& loop_;
  const UniqueFd fd_;
  const std::string path_;
  Handlers handlers_;
  bool draining_ = false;  // on the loop thread only, as are the next two
  bool paused_ = false;
  bool told_ = false;
  std::string outgoing_;  // the pool's; changes places with the queue, so that memory is asked for once
  WriteBack write_back_;  // the pool's too

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::string queue_;
  std::size_t in_work_ = 0;  // bytes taken from the queue and not in the file yet
  std::uint64_t written_;
  bool finished_ = false;
  std::optional<Error> error_;
};

}  // namespace schedkit
