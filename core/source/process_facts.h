// The facts of running processes, from /proc (proc(5)). Processes come and go while they are read: every answer is
// about one process, whose start time was the same before and after, or there is none.
//
// Kernel threads are no processes here. A process that has begun to end counts as gone, although /proc may show it for
// long (teardown, zombie); one whose first thread ended before the others lives.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/process.h"
#include "core/policy/process_filter.h"

namespace schedkit {

// What one line of proc_pid_stat(5) says.
struct ProcessStat {
  ProcessId id;
  std::string comm;
  char state = '?';
  std::int32_t parent = 0;
  std::uint32_t flags = 0;
  std::uint64_t threads = 0;
};

// comm may hold spaces, newlines and parentheses. nullopt when the text is not such a line.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// The path in the unified hierarchy (the line "0::/…") from proc_pid_cgroup(5); empty when there is no such line, as on
// hosts with version 1 alone.
std::string unified_cgroup(std::string_view text);

// Arguments joined by one space, and "KEY=value" entries split. An entry without '=' and one cut by the limit are left
// out.
std::string join_arguments(std::string_view text);
std::vector<std::pair<std::string, std::string>> parse_environment(std::string_view text, bool complete);

// uid → login name, remembered until forget(). The first question for a uid asks the name service, which may take as
// long as that service takes.
class UserNames {
 public:
  // The number itself when the uid has no name.
  const std::string& name(uid_t uid);
  void forget() { names_.clear(); }

 private:
  std::map<uid_t, std::string> names_;
};

class ProcessReader {
 public:
  // Of command lines and environments no more is read; ancestors end at the first of them that is gone.
  static constexpr std::size_t longest_cmdline = 64 * 1024;
  static constexpr std::size_t longest_environment = 256 * 1024;
  static constexpr std::size_t most_ancestors = 64;

  explicit ProcessReader(std::string root = "/proc") : root_(std::move(root)) {}

  // id, comm and exe_name are always read, the rest as `needs` says. A fact that the kernel hides from us stays empty.
  std::optional<Process> read(std::int32_t pid, const ProcessNeeds& needs);

  // The same for a process already known: nullopt also when the pid belongs to another one by now.
  std::optional<Process> read(const ProcessId& id, const ProcessNeeds& needs);

  // id, comm and exe_name without the second look at the start time: to decide whether a full read is worth it.
  std::optional<Process> glance(std::int32_t pid) const;

  // True while a thread of this very process has not begun to exit.
  bool alive(const ProcessId& id) const;

  // Thread group ids in the order of /proc, kernel threads included.
  std::vector<std::int32_t> pids() const;

  UserNames& users() { return users_; }

 private:
  struct Live {
    ProcessStat stat;
    std::string directory;  // "/proc/PID", or that of a living thread when the first one is gone
  };

  std::optional<Live> find(std::int32_t pid) const;
  std::optional<std::string> living_thread(std::int32_t pid) const;
  void fill(Process& process, const Live& live, const ProcessNeeds& needs);
  std::vector<std::string> ancestors(std::int32_t parent) const;

  std::string root_;
  UserNames users_;
};

// All candidates alive now. `claim` is called for each candidate after it was recognised and before it is read for
// good: what it does to follow the process from now on is in place when the process is found to be still alive, so no
// end is missed. /proc is listed again until a pass finds no candidate that the former ones did not, because a process
// forked by an earlier one may have got a pid that the pass had left behind.
std::vector<Process> scan_processes(ProcessReader& reader, const ProcessFilter& filter,
                                    const std::function<void(const ProcessId&)>& claim);

// Whether the filter lets a process of these names through.
bool is_candidate(const ProcessFilter& filter, const Process& process);

}  // namespace schedkit
