#include "core/control/state_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/base/file.h"
#include "core/loop/work.h"

namespace schedkit {

namespace {

constexpr std::size_t largest_file = 16 * 1024 * 1024;

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "cannot write " + path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> append_to(const std::string& path, std::string_view lines, std::size_t limit) {
  auto log = open_file(path, O_RDWR | O_APPEND | O_CREAT, 0600);
  if (!log) return fail(std::move(log.error()));
  struct stat status {};
  if (::fstat(log->get(), &status) != 0) return fail_errno(errno, "cannot look at " + path);
  if (static_cast<std::size_t>(status.st_size) + lines.size() > limit && status.st_size > 0) {
    if (::rename(path.c_str(), (path + ".1").c_str()) != 0) return fail_errno(errno, "cannot rename " + path);
    return append_to(path, lines, limit + lines.size());
  }
  char last = '\n';
  if (status.st_size > 0 && ::pread(log->get(), &last, 1, status.st_size - 1) != 1) last = 0;
  if (last != '\n') {
    if (auto ended = write_all(log->get(), "\n", path); !ended) return ended;
  }
  if (auto written = write_all(log->get(), lines, path); !written) return written;
  if (::fdatasync(log->get()) != 0) return fail_errno(errno, "cannot sync " + path);
  return {};
}

}  // namespace

StateDirectory::StateDirectory(Loop& loop, std::string directory, std::function<void(const Error&)> failed,
                               std::size_t log_limit)
    : loop_(loop), directory_(std::move(directory)), failed_(std::move(failed)), log_limit_(log_limit) {}

StateDirectory::~StateDirectory() {
  Job last;
  last.batch = std::move(waiting_);
  for (auto* job : {job_.get(), &last}) {
    if (job == nullptr) continue;
    for (const auto& error : write(directory_, *job, log_limit_)) failed_(error);
  }
}

Result<std::string> StateDirectory::read(const std::string& name) const {
  return read_file(directory_ + "/" + name, largest_file);
}

void StateDirectory::replace(const std::string& name, std::string content) {
  waiting_.files[name] = std::move(content);
  begin();
}

void StateDirectory::append(const std::string& name, std::string line) {
  waiting_.lines[name] += std::move(line) + "\n";
  begin();
}

std::vector<Error> StateDirectory::write(const std::string& directory, Job& job, std::size_t log_limit) {
  const std::lock_guard lock(job.mutex);
  const Batch batch = std::exchange(job.batch, {});
  std::vector<Error> errors;
  for (const auto& [name, content] : batch.files) {
    if (auto written = write_file_atomic(directory + "/" + name, content); !written) errors.push_back(written.error());
  }
  for (const auto& [name, lines] : batch.lines) {
    if (auto written = append_to(directory + "/" + name, lines, log_limit); !written) errors.push_back(written.error());
  }
  return errors;
}

void StateDirectory::begin() {
  if (job_ || waiting_.empty()) return;
  job_ = std::make_shared<Job>();
  job_->batch = std::exchange(waiting_, {});
  run_in_pool_for(
      loop_, [job = job_, directory = directory_, limit = log_limit_] { return write(directory, *job, limit); },
      [this, alive = std::weak_ptr(alive_)](const std::vector<Error>& errors) {
        if (alive.expired()) return;
        job_.reset();
        for (const auto& error : errors) failed_(error);
        begin();
      });
}

}  // namespace schedkit
