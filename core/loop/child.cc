#include "core/loop/child.h"

#include <unistd.h>
#include <uv.h>

#include <array>
#include <csignal>
#include <utility>

#include "core/loop/handle.h"
#include "core/loop/timer.h"

namespace schedkit {

namespace {

constexpr Duration output_grace = std::chrono::milliseconds(100);

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

struct Child::Impl {
  explicit Impl(Loop& loop) : deadline(loop), grace(loop) {}

  void finish() {
    if (!exited) return;
    deadline.cancel();
    grace.cancel();
    const auto call = std::exchange(exited, nullptr);
    call(std::move(result));
  }

  void ended() {
    process_ended = true;
    if (!output || output_closed) return finish();
    grace.set(output_grace, [this] { finish(); });
  }

  void read(ssize_t count) {
    if (count < 0) {
      output_closed = true;
      uv_read_stop(reinterpret_cast<uv_stream_t*>(output.get()));
      if (process_ended) finish();
      return;
    }
    const std::size_t room = limit - std::min(limit, result.output.size());
    result.output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  }

  detail::HandlePtr<uv_process_t> process;
  detail::HandlePtr<uv_pipe_t> output;
  Timer deadline;
  Timer grace;
  std::function<void(ChildExit)> exited;
  ChildExit result;
  std::size_t limit = 0;
  bool process_ended = false;
  bool output_closed = false;
  std::array<char, 4096> buffer{};
};

Child::Child(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Child::~Child() {
  if (impl_->process_ended) return;
  // The handle must live until the program is reaped, or a zombie stays. The loop does not wait for that when it ends:
  // a program in an uninterruptible call may outlive even SIGKILL.
  auto* process = impl_->process.release();
  process->data = nullptr;
  uv_process_kill(process, SIGKILL);
  uv_unref(reinterpret_cast<uv_handle_t*>(process));
}

int Child::pid() const { return impl_->process->pid; }

Result<std::unique_ptr<Child>> Child::start(Loop& loop, ChildOptions options, std::function<void(ChildExit)> exited) {
  auto impl = std::make_unique<Impl>(loop);
  impl->limit = options.output_limit;
  impl->exited = std::move(exited);

  const bool captured = options.stdout_fd < 0 || options.stderr_fd < 0;
  if (captured) {
    impl->output.reset(new uv_pipe_t);
    uv_pipe_init(loop.uv(), impl->output.get(), 0);
    impl->output->data = impl.get();
  }
  // One pipe for both, so that their order is kept: uv gives the child the writing end and us the reading end.
  std::array<uv_file, 2> ends{-1, -1};
  if (captured) {
    if (const int error = uv_pipe(ends.data(), UV_NONBLOCK_PIPE, 0); error != 0) {
      return fail_errno(-error, "cannot make a pipe for " + options.argv.at(0));
    }
    uv_pipe_open(impl->output.get(), ends[0]);
  }
  const auto inherit = [&](int fd) {
    uv_stdio_container_t stdio;
    stdio.flags = UV_INHERIT_FD;
    stdio.data.fd = fd >= 0 ? fd : ends[1];
    return stdio;
  };
  std::array<uv_stdio_container_t, 3> stdio{};
  stdio[0].flags = UV_IGNORE;
  if (options.stdin_fd >= 0) stdio[0] = inherit(options.stdin_fd);
  stdio[1] = inherit(options.stdout_fd);
  stdio[2] = inherit(options.stderr_fd);

  auto argv = pointers(options.argv);
  auto env = pointers(options.env);
  uv_process_options_t spawn{};
  spawn.file = argv[0];
  spawn.args = argv.data();
  spawn.env = options.env.empty() ? nullptr : env.data();
  spawn.cwd = options.directory.empty() ? nullptr : options.directory.c_str();
  spawn.stdio = stdio.data();
  spawn.stdio_count = static_cast<int>(stdio.size());
  spawn.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) {
    auto* owner = static_cast<Impl*>(process->data);
    if (owner == nullptr) {
      const detail::HandlePtr<uv_process_t> abandoned(process);
    } else {
      owner->result.status = static_cast<int>(status);
      owner->result.signal = signal;
      owner->ended();
    }
  };

  impl->process.reset(new uv_process_t);  // to be closed even when uv_spawn fails
  const int error = uv_spawn(loop.uv(), impl->process.get(), &spawn);
  impl->process->data = impl.get();
  if (captured) ::close(ends[1]);
  if (error != 0) {
    impl->process_ended = true;
    return fail_errno(-error, "cannot run " + options.argv[0]);
  }
  if (captured) {
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(impl->output.get()),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
          auto* owner = static_cast<Impl*>(handle->data);
          *buffer = owner ? uv_buf_init(owner->buffer.data(), owner->buffer.size()) : uv_buf_init(nullptr, 0);
        },
        [](uv_stream_t* stream, ssize_t count, const uv_buf_t*) {
          if (auto* owner = static_cast<Impl*>(stream->data)) owner->read(count);
        });
  }
  if (options.timeout > Duration::zero()) {
    impl->deadline.set(options.timeout, [raw = impl.get()] {
      raw->result.timed_out = true;
      uv_process_kill(raw->process.get(), SIGKILL);
    });
  }
  return std::unique_ptr<Child>(new Child(std::move(impl)));
}

}  // namespace schedkit
