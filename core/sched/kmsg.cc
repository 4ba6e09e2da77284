#include "core/sched/kmsg.h"

#include <utility>

#include "core/base/text.h"
#include "core/sched/guard/guard_messages.h"

namespace schedkit {

namespace {

constexpr std::string_view by_sysrq = " disabled (disabled by sysrq-S)";

}  // namespace

std::optional<std::string> SchedExtMessages::take(std::string_view record) {
  const auto head_end = record.find(';');
  if (head_end == std::string_view::npos) return std::nullopt;
  const auto fields = split(record.substr(0, head_end), ',');
  if (fields.size() < 3) return std::nullopt;
  const auto sequence = parse_unsigned(fields[1]);
  if (!sequence) return std::nullopt;
  const auto body = record.substr(head_end + 1);
  const auto text = body.substr(0, body.find('\n'));
  const bool continues = last_sequence_ && *sequence == *last_sequence_ + 1 && text.starts_with(' ');
  if (text.starts_with(guard_log_prefix)) guard_said_ = text.substr(guard_log_prefix.size());
  if (!text.starts_with("sched_ext:") && !continues) return std::nullopt;
  last_sequence_ = *sequence;
  std::string taken(text);
  if (taken.ends_with(by_sysrq) && !guard_said_.empty()) {
    taken.insert(taken.size() - 1, ": " + std::exchange(guard_said_, {}));
  }
  return taken;
}

}  // namespace schedkit
