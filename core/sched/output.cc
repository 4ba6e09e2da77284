#include "core/sched/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::size_t longest_line = 8 * 1024;
constexpr int fifo_size = 1024 * 1024;
constexpr std::size_t read_size = 64 * 1024;
constexpr int reads_to_drain =
    2 * fifo_size / static_cast<int>(read_size);  // a writer that never stops must not hold us

Result<void> make_fifo(const std::string& path) {
  if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) return fail_errno(errno, "cannot make FIFO " + path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISFIFO(status.st_mode))
    return fail(Errc::exists, "{} is no FIFO", path);
  return {};
}

}  // namespace

void LineSplitter::feed(std::string_view bytes, const std::function<void(std::string)>& line) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto taken = std::min({end, bytes.size(), longest_line - rest_.size()});
    rest_.append(bytes.substr(0, taken));
    const bool ended = taken == end;
    bytes.remove_prefix(ended ? taken + 1 : taken);
    if (ended || rest_.size() == longest_line) finish(line);
  }
}

void LineSplitter::finish(const std::function<void(std::string)>& line) {
  auto text = std::exchange(rest_, {});
  if (text.ends_with('\r')) text.pop_back();
  if (!text.empty()) line(std::move(text));
}

Output::Output(std::string directory, OnLine on_line)
    : directory_(std::move(directory)), on_line_(std::move(on_line)) {}

Result<std::unique_ptr<Output>> Output::create(Loop& loop, const std::string& directory, OnLine on_line) {
  std::unique_ptr<Output> output(new Output(directory, std::move(on_line)));
  if (auto opened = output->open(loop, output->streams_[0], "stdout"); !opened) return fail(std::move(opened.error()));
  if (auto opened = output->open(loop, output->streams_[1], "stderr"); !opened) return fail(std::move(opened.error()));
  return output;
}

Result<void> Output::open(Loop& loop, Stream& stream, const char* name) {
  const std::string path = directory_ + "/" + name;
  if (auto made = make_fifo(path); !made) return made;
  // For writing as well, so that the end of one writer is not the end of the stream.
  auto fd = open_file(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  if (!fd) return fail(std::move(fd.error()));
  stream.fd = std::move(*fd);
  ::fcntl(stream.fd.get(), F_SETPIPE_SZ, fifo_size);  // refused: the default of 64 KiB
  auto watch = FdWatch::create(loop, stream.fd.get(), [this, &stream](FdWatch::Ready) { read(stream); });
  if (!watch) return fail(std::move(watch.error()));
  stream.watch = std::move(*watch);
  stream.watch->want_readable();
  return {};
}

Result<UniqueFd> Output::open_stdout() const { return open_file(directory_ + "/stdout", O_RDWR | O_NOFOLLOW); }
Result<UniqueFd> Output::open_stderr() const { return open_file(directory_ + "/stderr", O_RDWR | O_NOFOLLOW); }

bool Output::read(Stream& stream) {
  std::string buffer(read_size, '\0');
  const ssize_t size = ::read(stream.fd.get(), buffer.data(), buffer.size());
  if (size <= 0) return false;
  buffer.resize(static_cast<std::size_t>(size));
  stream.splitter.feed(buffer, [this](std::string line) { keep(std::move(line)); });
  return true;
}

void Output::drain() {
  for (auto& stream : streams_) {
    for (int i = 0; i < reads_to_drain && read(stream); ++i) {
    }
    stream.splitter.finish([this](std::string line) { keep(std::move(line)); });
  }
}

void Output::keep(std::string line) {
  if (on_line_) on_line_(line);
  lines_.push_back(std::move(line));
  if (lines_.size() > kept_lines) lines_.pop_front();
}

std::string Output::tail(std::size_t count) const {
  std::vector<std::string> last(lines_.end() - static_cast<std::ptrdiff_t>(std::min(count, lines_.size())),
                                lines_.end());
  return join(last, "\n");
}

}  // namespace schedkit
