#include "core/sched/gate.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/sched/bpf_calls.h"
#include "core/sched/process_fd.h"

namespace schedkit {

namespace {

// The beginning of union bpf_attr for BPF_LINK_CREATE.
struct LinkCreate {
  std::uint32_t map_fd;
  std::uint32_t target;
  std::uint32_t attach_type;
};

// nullopt when the kernel could not read it either.
std::optional<LinkCreate> read_attr(const seccomp_notif& call) {
  LinkCreate attr{};
  const std::uint64_t given = call.data.args[2] & 0xffffffff;             // unsigned int size
  const std::size_t size = std::min<std::uint64_t>(given, sizeof(attr));  // the kernel takes the rest for zeros
  const iovec local{&attr, size};
  const iovec remote{reinterpret_cast<void*>(call.data.args[1]), size};
  const ssize_t got = ::process_vm_readv(static_cast<pid_t>(call.pid), &local, 1, &remote, 1, 0);
  if (got != static_cast<ssize_t>(size)) return std::nullopt;
  return attr;
}

bool may_attach_sched_ext(const seccomp_notif& call, std::uint32_t map_fd, const IsSchedExtMap& is_sched_ext) {
  const auto thread = open_thread(static_cast<std::int32_t>(call.pid));
  if (!thread) return false;
  const auto map = copy_descriptor(*thread, static_cast<int>(map_fd));
  // A descriptor that is not there fails in the kernel, too; one that we may not have is held rather than let out of
  // turn.
  if (!map) return map.error().code == Errc::denied;
  return is_sched_ext(*map);
}

}  // namespace

IsSchedExtMap sched_ext_map_of(std::vector<std::uint32_t> value_types) {
  return [types = std::move(value_types)](const UniqueFd& map) {
    const auto type = map_value_type(map);
    return type && std::find(types.begin(), types.end(), *type) != types.end();
  };
}

Gate::Gate(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext, GateObserver observer)
    : listener_(std::move(listener)),
      is_sched_ext_(std::move(is_sched_ext)),
      observer_(std::move(observer)),
      again_(loop) {}

Result<std::unique_ptr<Gate>> Gate::create(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext,
                                           GateObserver observer) {
  std::unique_ptr<Gate> gate(new Gate(loop, std::move(listener), std::move(is_sched_ext), std::move(observer)));
  seccomp_notif_sizes sizes{};
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) {
    return fail_errno(errno, "this kernel cannot hold system calls (seccomp user notification, Linux 5.5)");
  }
  gate->notification_size_ = std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif));
  auto watch = FdWatch::create(loop, gate->listener_.get(), [raw = gate.get()](FdWatch::Ready) { raw->receive(); });
  if (!watch) return fail(std::move(watch.error()));
  gate->watch_ = std::move(*watch);
  gate->watch_->want_readable();
  return gate;
}

Result<Gate::TakenOver> Gate::take_over(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext,
                                        GateObserver observer, const std::vector<std::uint64_t>& parked) {
  auto made = create(loop, std::move(listener), std::move(is_sched_ext), std::move(observer));
  if (!made) return fail(std::move(made.error()));
  Gate& gate = **made;
  gate.told_ = true;  // nobody is told anything from in here
  for (const auto id : parked) {
    if (gate.is_valid(id)) gate.parked_.push_back(id);
  }
  std::size_t known = gate.parked_.size();
  while (gate.watch_ && gate.readable() && gate.receive()) ++known;
  gate.told_ = false;
  gate.tell_later();
  return TakenOver{std::move(*made), known};
}

bool Gate::readable() const {
  pollfd state{listener_.get(), POLLIN, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLIN) != 0;
}

// False when there was nothing to receive.
bool Gate::receive() {
  // A larger struct of a newer kernel must fit, and the kernel wants all of it zero.
  std::vector<std::uint64_t> buffer((notification_size_ + 7) / 8);
  auto& call = *reinterpret_cast<seccomp_notif*>(buffer.data());
  if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
    // ENOENT: the caller vanished between our being woken and now, or nobody is left who could call.
    const int error = errno;
    pollfd state{listener_.get(), POLLIN, 0};
    const bool ended = ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (ended || (error != ENOENT && error != EINTR && error != EAGAIN)) watch_.reset();
    return false;
  }
  const auto attr = read_attr(call);
  if (!attr || attr->attach_type != bpf_attach_struct_ops) {
    proceed(call.id);
    return true;
  }
  // Whoever takes over from us must know the id, should we die while we look closer.
  parked_.push_back(call.id);
  if (observer_.parked) observer_.parked(parked_);
  const bool ours = may_attach_sched_ext(call, attr->map_fd, is_sched_ext_);
  if (!is_valid(call.id)) {  // what we read may have been another process's
    unpark(call.id);
  } else if (!ours) {
    proceed(call.id);
    unpark(call.id);
  } else if (keep_open_) {
    proceed_attaching(call.id);
    unpark(call.id);
  } else {
    forget_vanished();
    if (!told_) tell();
  }
  return true;
}

void Gate::unpark(std::uint64_t id) {
  std::erase(parked_, id);
  if (observer_.parked) observer_.parked(parked_);
}

void Gate::forget_vanished() {
  const auto gone = std::erase_if(parked_, [this](std::uint64_t id) { return !is_valid(id); });
  if (gone > 0 && observer_.parked) observer_.parked(parked_);
}

void Gate::tell() {
  told_ = true;
  const auto call = observer_.arrived;  // it may destroy us
  if (call) call();
}

void Gate::tell_later() {
  if (!waiting()) return;
  again_.set(Duration::zero(), [this] {
    if (!told_ && waiting()) tell();
  });
}

bool Gate::is_valid(std::uint64_t id) const { return ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

bool Gate::proceed(std::uint64_t id) const {
  seccomp_notif_resp answer{};
  answer.id = id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  while (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

bool Gate::proceed_attaching(std::uint64_t id) const {
  if (observer_.opening) observer_.opening();
  return proceed(id);
}

bool Gate::waiting() {
  forget_vanished();
  if (parked_.empty()) told_ = false;  // the observer has now learnt that the wait is over
  return !parked_.empty();
}

Result<void> Gate::open() {
  told_ = true;  // what arrives in here is answered in here
  for (;;) {
    while (!parked_.empty()) {
      const auto id = parked_.front();
      const bool proceeds = proceed_attaching(id);
      unpark(id);
      if (proceeds) return opened();
    }
    // A call that a signal took away may have been made anew already.
    if (!watch_ || !readable()) break;
    receive();
    if (parked_.empty()) break;
  }
  told_ = false;
  return fail(Errc::not_found, "the attach call has gone from the gate");
}

Result<void> Gate::opened() {
  told_ = false;
  tell_later();
  return {};
}

void Gate::keep_open(bool open) {
  keep_open_ = open;
  if (!open || parked_.empty()) return;
  for (const auto id : std::exchange(parked_, {})) proceed_attaching(id);
  if (observer_.parked) observer_.parked(parked_);
  told_ = false;
}

}  // namespace schedkit
