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

}  // namespace

IsSchedExtMap sched_ext_map_of(std::vector<std::uint32_t> value_types) {
  return [types = std::move(value_types)](const UniqueFd& map) {
    const auto type = map_value_type(map);
    return type && std::find(types.begin(), types.end(), *type) != types.end();
  };
}

Gate::Gate(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext, std::function<void()> arrived)
    : listener_(std::move(listener)),
      is_sched_ext_(std::move(is_sched_ext)),
      arrived_(std::move(arrived)),
      again_(loop) {}

Result<std::unique_ptr<Gate>> Gate::create(Loop& loop, UniqueFd listener, IsSchedExtMap is_sched_ext,
                                           std::function<void()> arrived) {
  std::unique_ptr<Gate> gate(new Gate(loop, std::move(listener), std::move(is_sched_ext), std::move(arrived)));
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

void Gate::receive() {
  // A larger struct of a newer kernel must fit, and the kernel wants all of it zero.
  std::vector<std::uint64_t> buffer((notification_size_ + 7) / 8);
  auto& call = *reinterpret_cast<seccomp_notif*>(buffer.data());
  if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
    // ENOENT: the caller vanished between our being woken and now, or nobody is left who could call.
    pollfd state{listener_.get(), POLLIN, 0};
    const bool ended = ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (ended || (errno != ENOENT && errno != EINTR && errno != EAGAIN)) watch_.reset();
    return;
  }
  const bool ours = attaches_sched_ext(call);
  if (!is_valid(call.id)) return;  // what we read may have been another process's
  if (ours && !keep_open_) return park(call.id);
  proceed(call.id);
}

bool Gate::attaches_sched_ext(const seccomp_notif& call) const {
  const auto attr = read_attr(call);
  if (!attr || attr->attach_type != bpf_attach_struct_ops) return false;
  const auto thread = open_thread(static_cast<std::int32_t>(call.pid));
  if (!thread) return false;
  const auto map = copy_descriptor(*thread, static_cast<int>(attr->map_fd));
  // A descriptor that is not there fails in the kernel, too; one that we may not have is held rather than let out of
  // turn.
  if (!map) return map.error().code == Errc::denied;
  return is_sched_ext_(*map);
}

void Gate::park(std::uint64_t id) {
  std::erase_if(parked_, [this](std::uint64_t other) { return !is_valid(other); });
  parked_.push_back(id);
  if (!told_) tell();
}

void Gate::tell() {
  told_ = true;
  const auto call = arrived_;  // it may destroy us
  call();
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

bool Gate::waiting() {
  std::erase_if(parked_, [this](std::uint64_t id) { return !is_valid(id); });
  if (parked_.empty()) told_ = false;  // the observer has now learnt that the wait is over
  return !parked_.empty();
}

Result<void> Gate::open() {
  told_ = true;  // what arrives in here is answered in here
  for (;;) {
    while (!parked_.empty()) {
      const auto id = parked_.front();
      parked_.erase(parked_.begin());
      if (proceed(id)) return opened();
    }
    // A call that a signal took away may have been made anew already.
    pollfd state{listener_.get(), POLLIN, 0};
    if (!watch_ || ::poll(&state, 1, 0) != 1 || (state.revents & POLLIN) == 0) break;
    receive();
    if (parked_.empty()) break;
  }
  told_ = false;
  return fail(Errc::not_found, "the attach call has gone from the gate");
}

Result<void> Gate::opened() {
  told_ = false;
  if (waiting()) {
    again_.set(Duration::zero(), [this] {
      if (!told_ && waiting()) tell();
    });
  }
  return {};
}

void Gate::keep_open(bool open) {
  keep_open_ = open;
  if (!open) return;
  for (const auto id : std::exchange(parked_, {})) proceed(id);
  told_ = false;
}

}  // namespace schedkit
