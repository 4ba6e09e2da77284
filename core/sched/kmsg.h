// The kernel's log as /dev/kmsg shows it (Documentation/ABI/testing/dev-kmsg): one record per read,
// "LEVEL,SEQUENCE,MICROSECONDS,FLAGS;text" and lines of properties.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace schedkit {

// Picks what the kernel says about sched_ext: records that begin with "sched_ext:" and the indented ones (stacks) that
// follow such a record at once. Of an ejection by SysRq-S the kernel knows no reason; if the stall guard has logged one
// just before, it is put behind the kernel's own: "… disabled (disabled by sysrq-S: REASON)".
class SchedExtMessages {
 public:
  // The text of `record` if it belongs to sched_ext.
  std::optional<std::string> take(std::string_view record);

 private:
  std::optional<std::uint64_t> last_sequence_;  // of the last record taken
  std::string guard_said_;
};

}  // namespace schedkit
