#include "core/source/proc_connector.h"

namespace schedkit {

namespace {

constexpr std::size_t most_datagrams = 512;  // between two turns of the loop

}  // namespace

ProcConnector::ProcConnector(Loop& loop, const Clock& clock, std::string why)
    : loop_(loop), why_(std::move(why)), pacer_(loop, clock, [this] { scan(); }) {}

ProcConnector::~ProcConnector() = default;

Result<std::unique_ptr<ProcConnector>> ProcConnector::create(Loop& loop, const Clock& clock, std::string why) {
  if (auto tried = ProcEventSocket::open(); !tried) return fail(std::move(tried.error()));
  return std::unique_ptr<ProcConnector>(new ProcConnector(loop, clock, std::move(why)));
}

Result<void> ProcConnector::start(const Interests& interests, Sink sink) {
  reporter_.set_sink(std::move(sink));
  return watch(interests);
}

Result<void> ProcConnector::watch(const Interests& interests) {
  const auto& filter = interests.processes;
  if (filter.empty()) {
    watch_.reset();
    socket_.reset();
  } else if (auto listening = listen(); !listening) {
    return listening;
  }
  reporter_.set_filter(filter);
  scan();
  return {};
}

Result<void> ProcConnector::listen() {
  if (socket_) return {};
  auto socket = ProcEventSocket::open();
  if (!socket) return fail(std::move(socket.error()));
  auto watch = FdWatch::create(loop_, socket->fd(), [this](FdWatch::Ready) { ready(); });
  if (!watch) return fail(std::move(watch.error()));
  socket_.emplace(std::move(*socket));
  watch_ = std::move(*watch);
  watch_->want_readable();
  return {};
}

void ProcConnector::scan() {
  reporter_.scan([](const ProcessId&) {});  // every end is reported, and read after the scan
}

void ProcConnector::ready() {
  ++wakeups_;
  auto lost = socket_->receive(most_datagrams, [this](const ProcEvent& event) { receive(event); });
  if (!lost) {
    trouble_ = lost.error().text;
    watch_->want({});
    return;
  }
  watch_->want_readable();  // a queue that overflowed reports an error, which stops the watch
  lost_ += *lost;
  if (*lost > 0) pacer_.request();
}

void ProcConnector::receive(const ProcEvent& event) {
  switch (event.kind) {
    case ProcEvent::Kind::exec: reporter_.changed(event.process); break;
    case ProcEvent::Kind::rename:
      if (event.thread == event.process) reporter_.changed(event.process);
      break;
    case ProcEvent::Kind::fork:
      if (event.thread == event.process && reporter_.knows(event.parent)) reporter_.changed(event.process);
      break;
    case ProcEvent::Kind::exit: reporter_.maybe_ended(event.process); break;
  }
}

Result<void> ProcConnector::set_buffer(int bytes) {
  if (!socket_) return fail(Errc::not_found, "the process event socket is not open");
  return socket_->set_buffer(bytes);
}

SourceStatus ProcConnector::status() const {
  SourceStatus status;
  status.name = "proc-connector";
  status.detail = why_;
  if (socket_ && !socket_->filtered()) status.detail += "; this kernel cannot choose which events it sends";
  for (const auto& reason : reporter_.filter().wide_because)
    status.detail += "; all processes are looked at: " + reason;
  if (!trouble_.empty()) status.detail += "; " + trouble_;
  status.delivered = reporter_.delivered();
  status.lost = lost_;
  status.wakeups = wakeups_;
  return status;
}

}  // namespace schedkit
