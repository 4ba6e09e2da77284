#include "core/sched/kernel_linux.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/sched/bpf_calls.h"
#include "core/sched/link_owners.h"

namespace schedkit {

namespace {

constexpr int messages_per_turn = 256;
constexpr int settle_attempts = 12;  // 2 ms doubled up to 256 ms each: two seconds in all

}  // namespace

// One detach call under way. The thread shares the outcome, never the Kernel, so either may go first.
struct LinuxKernel::Detachment {
  struct Outcome {
    UniqueFd wake;
    Result<void> result;
    std::atomic<bool> ended = false;
  };

  explicit Detachment(Loop& loop) : later(loop) {}

  std::shared_ptr<Outcome> outcome = std::make_shared<Outcome>();  // shared with a thread that nobody joins
  DetachDone done;
  std::unique_ptr<FdWatch> watch;
  Timer later;  // for telling that it did not even begin
};

LinuxKernel::LinuxKernel(Loop& loop, LinuxKernelOptions options)
    : loop_(loop), options_(std::move(options)), settle_(loop) {}

LinuxKernel::~LinuxKernel() = default;

Result<std::unique_ptr<LinuxKernel>> LinuxKernel::create(Loop& loop, LinuxKernelOptions options) {
  std::unique_ptr<LinuxKernel> kernel(new LinuxKernel(loop, std::move(options)));
  if (auto watched = kernel->watch_uevents(); !watched) return fail(std::move(watched.error()));
  if (auto watched = kernel->watch_log(); !watched) {
    kernel->missing_.push_back("reasons of ejections will not be known: " + watched.error().text);
  }
  if (auto sysrq = open_file(kernel->options_.sysrq, O_WRONLY)) {
    kernel->sysrq_ = std::move(*sysrq);
  } else {
    kernel->missing_.push_back("a stalled scheduler cannot be ejected: " + sysrq.error().text);
  }
  return kernel;
}

Result<void> LinuxKernel::watch_uevents() {
  auto socket = open_uevent_socket();
  if (!socket) return fail(std::move(socket.error()));
  uevents_ = std::move(*socket);
  auto watch = FdWatch::create(loop_, uevents_.get(), [this](FdWatch::Ready ready) {
    read_uevents();
    // An overrun socket reports an error once, which ends the watch; nothing is wrong with it afterwards.
    if (ready.failed) uevents_watch_->want_readable();
  });
  if (!watch) return fail(std::move(watch.error()));
  uevents_watch_ = std::move(*watch);
  uevents_watch_->want_readable();
  return {};
}

Result<void> LinuxKernel::watch_log() {
  auto log = open_file(options_.kmsg, O_RDONLY | O_NONBLOCK);
  if (!log) return fail(std::move(log.error()));
  log_ = std::move(*log);
  ::lseek(log_.get(), 0, SEEK_END);  // a FIFO in tests has no past to skip
  auto watch = FdWatch::create(loop_, log_.get(), [this](FdWatch::Ready ready) {
    read_log();
    if (ready.failed && log_watch_) log_watch_->want_readable();  // lost records count as an error, too
  });
  if (!watch) return fail(std::move(watch.error()));
  log_watch_ = std::move(*watch);
  log_watch_->want_readable();
  return {};
}

void LinuxKernel::tell(const std::optional<std::string>& message) const {
  if (changed_) changed_(message);
}

bool LinuxKernel::concerns_us(const Uevent& event) const {
  if (event.devpath == options_.devpath) return true;
  // A standby that was loaded before is of no use any more (sched_ext/hotplug_seq).
  return (event.action == "online" || event.action == "offline") && event.devpath.starts_with(options_.cpu_devpath);
}

void LinuxKernel::read_uevents() {
  bool changed = false;
  for (int i = 0; i < messages_per_turn; ++i) {
    const auto read = read_uevent(uevents_);
    if (read.kind == UeventRead::Kind::empty) break;
    changed = changed || read.kind == UeventRead::Kind::lost;
    changed = changed || (read.kind == UeventRead::Kind::event && concerns_us(read.event));
  }
  if (!changed) return;
  follow_disabling(0);
  tell(std::nullopt);
}

void LinuxKernel::follow_disabling(int attempt) {
  if (attempt == settle_attempts || state().state != ExtState::disabling) {
    if (attempt > 0) tell(std::nullopt);
    return;
  }
  const auto pause = std::chrono::milliseconds(2 << std::min(attempt, 7));
  settle_.set(pause, [this, attempt] { follow_disabling(attempt + 1); });
}

void LinuxKernel::read_log() {
  std::array<char, 8192> buffer{};
  std::vector<std::string> found;
  for (int i = 0; i < messages_per_turn; ++i) {
    const ssize_t size = ::read(log_.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EPIPE || errno == EINTR))
      continue;  // EPIPE: records were overwritten before we read them
    if (size == 0 || (size < 0 && errno != EAGAIN)) log_watch_.reset();
    if (size <= 0) break;
    if (auto text = messages_.take({buffer.data(), static_cast<std::size_t>(size)})) found.push_back(std::move(*text));
  }
  for (const auto& text : found) tell(text);
}

std::string LinuxKernel::value(const std::string& name) const {
  const auto text = read_file(options_.sysfs + "/" + name, 4096);
  return text ? std::string(trim(*text)) : std::string();
}

std::uint64_t LinuxKernel::number(const std::string& name) const { return parse_unsigned(value(name)).value_or(0); }

KernelState LinuxKernel::state() const {
  constexpr std::array known{ExtState::disabled, ExtState::enabling, ExtState::enabled, ExtState::disabling};
  const std::string word = value("state");
  const auto found = std::find_if(known.begin(), known.end(), [&](ExtState state) { return to_string(state) == word; });
  if (found == known.end()) return {};
  KernelState state;
  state.state = *found;
  state.ops = value("root/ops");
  state.enable_seq = number("enable_seq");
  state.hotplug_seq = number("hotplug_seq");
  state.rejected = number("nr_rejected");
  state.switch_all = number("switch_all") != 0;
  return state;
}

Result<std::vector<SchedulerLink>> LinuxKernel::links() const {
  const auto all = struct_ops_links();
  if (!all) return fail(all.error());
  std::vector<SchedulerLink> ours;
  for (const auto& link : *all) {
    const auto& types = options_.value_types;
    if (std::find(types.begin(), types.end(), link.value_type) != types.end()) ours.push_back({link.id, {}});
  }
  find_owners(ours, options_.proc);
  return ours;
}

std::string LinuxKernel::describe_holder(const SchedulerLink& link) const {
  return schedkit::describe_holder(link, options_.proc, options_.bpffs);
}

void LinuxKernel::detach(std::uint32_t link_id, DetachDone done) {
  auto& started = *detachments_.emplace_back(std::make_unique<Detachment>(loop_));
  started.done = std::move(done);
  if (auto begun = begin(started, link_id); !begun) {
    started.outcome->result = std::move(begun);
    started.later.set(Duration::zero(), [this, &started] { finish(started); });
  }
}

Result<void> LinuxKernel::begin(Detachment& detachment, std::uint32_t link_id) {
  auto& outcome = detachment.outcome;
  outcome->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!outcome->wake) return fail_errno(errno, "cannot make an eventfd to detach a scheduler");
  auto watch = FdWatch::create(loop_, outcome->wake.get(), [this, &detachment](FdWatch::Ready) {
    if (detachment.outcome->ended.load(std::memory_order_acquire)) finish(detachment);
  });
  if (!watch) return fail(std::move(watch.error()));
  detachment.watch = std::move(*watch);
  detachment.watch->want_readable();
  try {
    std::thread([outcome, link_id] {
      outcome->result = detach_link(link_id);
      outcome->ended.store(true, std::memory_order_release);
      ::eventfd_write(outcome->wake.get(), 1);
    }).detach();
  } catch (const std::system_error& error) {
    return fail_errno(error.code().value(), "cannot start a thread to detach a scheduler");
  }
  return {};
}

void LinuxKernel::finish(Detachment& detachment) {
  const auto done = std::move(detachment.done);
  auto result = std::move(detachment.outcome->result);
  std::erase_if(detachments_, [&](const auto& candidate) { return candidate.get() == &detachment; });
  done(std::move(result));
}

Result<void> LinuxKernel::eject() {
  if (!sysrq_) return fail(Errc::denied, "cannot eject: {} could not be opened for writing at start", options_.sysrq);
  if (::write(sysrq_.get(), "S", 1) != 1) return fail_errno(errno, "cannot eject through " + options_.sysrq);
  return {};
}

}  // namespace schedkit
