#include "core/bus/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <systemd/sd-bus.h>

#include <cerrno>

namespace schedkit {

namespace {

constexpr int most_messages_per_turn = 64;

}  // namespace

Connection::Connection(Loop& loop, BusPtr bus, Closed closed, std::uint64_t most_queued)
    : bus_(std::move(bus)), closed_(std::move(closed)), most_queued_(most_queued), timer_(loop) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::create(Loop& loop, BusPtr bus, Closed closed,
                                                       std::uint64_t most_queued) {
  const int fd = sd_bus_get_fd(bus.get());
  if (fd < 0) return fail_errno(-fd, "cannot use a bus connection");
  std::unique_ptr<Connection> made(new Connection(loop, std::move(bus), std::move(closed), most_queued));
  Connection* self = made.get();
  made->fd_.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!made->fd_) return fail_errno(errno, "cannot duplicate the descriptor of a bus connection");
  auto watch = FdWatch::create(loop, made->fd_.get(), [self](FdWatch::Ready ready) {
    if (ready.failed) return self->close(EIO);
    self->process();
  });
  if (!watch) return fail(std::move(watch.error()));
  made->watch_ = std::move(*watch);
  made->before_poll_ = std::make_unique<BeforePoll>(loop, [self] { self->prepare(); });
  return made;
}

void Connection::prepare() {
  std::uint64_t queued = 0;
  if (drained_ && sd_bus_get_n_queued_write(bus_.get(), &queued) >= 0 && queued == 0) drained_();
  // A negative answer is an error, not a mask: -107 has the bits POLLIN and POLLOUT set.
  const int events = sd_bus_get_events(bus_.get());
  if (events < 0) return close(-events);
  std::uint64_t timeout = UINT64_MAX;
  if (const int error = sd_bus_get_timeout(bus_.get(), &timeout); error < 0) return close(-error);
  if (sd_bus_get_n_queued_write(bus_.get(), &queued) >= 0 && queued > most_queued_) return close(ENOBUFS);

  watch_->want({.readable = (events & POLLIN) != 0, .writable = (events & POLLOUT) != 0});
  if (timeout == armed_) return;
  armed_ = timeout;
  if (timeout == UINT64_MAX) {
    timer_.cancel();
    return;
  }
  // Absolute CLOCK_MONOTONIC; 0 is at once.
  timer_.set_at(Instant(std::chrono::microseconds(timeout)), [this] {
    armed_ = UINT64_MAX;
    process();
  });
}

void Connection::process() {
  for (int count = 0; count < most_messages_per_turn; ++count) {
    const int progress = sd_bus_process(bus_.get(), nullptr);
    if (progress < 0) return close(-progress);
    if (progress == 0) return;
  }
  // sd-bus asks for timeout 0 while messages wait: the next turn goes on.
}

void Connection::close(int error) {
  before_poll_.reset();
  watch_.reset();
  timer_.cancel();
  const auto closed = std::exchange(closed_, nullptr);
  if (closed) closed(error);
}

}  // namespace schedkit
