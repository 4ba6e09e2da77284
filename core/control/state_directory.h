#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/control/state_store.h"
#include "core/loop/loop.h"

namespace schedkit {

// A directory, written in the pool: files are replaced atomically and synced; a log that has grown beyond `log_limit`
// becomes NAME.1 and begins anew. One job is under way at a time, in the order of the calls.
class StateDirectory final : public StateStore {
 public:
  static constexpr std::size_t default_log_limit = 1024 * 1024;

  // `failed` is told what could not be written; that is lost.
  StateDirectory(Loop& loop, std::string directory, std::function<void(const Error&)> failed,
                 std::size_t log_limit = default_log_limit);
  // Writes what still waits, without the pool.
  ~StateDirectory() override;

  Result<std::string> read(const std::string& name) const override;
  void replace(const std::string& name, std::string content) override;
  void append(const std::string& name, std::string line) override;

 private:
  struct Batch {
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> lines;  // one after the other
    bool empty() const { return files.empty() && lines.empty(); }
  };

  // What a job is to write. The job and our destructor exclude each other, so that nothing old lands on something new.
  struct Job {
    std::mutex mutex;
    Batch batch;
  };

  static std::vector<Error> write(const std::string& directory, Job& job, std::size_t log_limit);
  void begin();

  Loop& loop_;
  const std::string directory_;
  const std::function<void(const Error&)> failed_;
  const std::size_t log_limit_;
  Batch waiting_;
  std::shared_ptr<Job> job_;  // under way; shared with the pool, where it may outlive us
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // and so may its answer
};

}  // namespace schedkit
