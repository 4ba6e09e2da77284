#include "core/sched/guard/attached_state.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/sched/guard/guard_messages.h"
#include "core/sched/uevent.h"

namespace schedkit {

bool is_root_scheduler_event(std::string_view message, std::string_view& ops) {
  constexpr std::string_view path = "@/kernel/sched_ext/root";
  constexpr std::string_view name = "SCXOPS=";
  const auto head = message.substr(0, message.find('\0'));
  if (!head.ends_with(path)) return false;
  for (auto rest = message; !rest.empty();) {
    const auto end = rest.find('\0');
    const auto field = rest.substr(0, end);
    if (field.starts_with(name)) ops = field.substr(name.size());
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return true;
}

Result<void> AttachedState::open(const std::string& sysfs) {
  auto state = open_file(sysfs + "/state", O_RDONLY);
  if (!state) return fail(std::move(state.error()));
  state_ = std::move(*state);
  auto uevents = open_uevent_socket();
  if (!uevents) return fail(std::move(uevents.error()));
  uevents_ = std::move(*uevents);
  if (const auto ops = read_file(sysfs + "/root/ops", ops_.size())) remember(trim(*ops));
  return {};
}

void AttachedState::remember(std::string_view ops) { set_text(ops_, ops); }

std::string_view AttachedState::ops() const { return text_of(ops_); }

bool AttachedState::take_events() {
  bool concerned = false;
  std::array<char, 4096> buffer;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t size_of_sender = sizeof(sender);
    const ssize_t size = ::recvfrom(uevents_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&sender), &size_of_sender);
    if (size < 0 && errno == ENOBUFS) {
      concerned = true;
      continue;
    }
    if (size < 0) return concerned;
    std::string_view ops;
    if (sender.nl_pid != 0 || !is_root_scheduler_event({buffer.data(), static_cast<std::size_t>(size)}, ops)) continue;
    concerned = true;
    if (!ops.empty()) remember(ops);
  }
}

GuardDuty::Kernel AttachedState::read() const {
  std::array<char, 32> buffer{};
  const ssize_t size = ::pread(state_.get(), buffer.data(), buffer.size(), 0);
  const auto word = trim({buffer.data(), static_cast<std::size_t>(size > 0 ? size : 0)});
  if (word == "enabled") return GuardDuty::Kernel::attached;
  return word == "disabled" ? GuardDuty::Kernel::detached : GuardDuty::Kernel::changing;
}

}  // namespace schedkit
