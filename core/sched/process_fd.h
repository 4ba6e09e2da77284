// System calls on processes that glibc 2.36 does not wrap, and the few facts of /proc that name a process for its whole
// life.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

// pidfd_open(2); Errc::not_found when there is no such process.
Result<UniqueFd> open_process(std::int32_t pid);

// A pidfd for one thread (Linux 6.9), or for its process where the kernel has no such thing.
Result<UniqueFd> open_thread(std::int32_t tid);

// pidfd_getfd(2): a copy of descriptor `fd` of that process. Needs the right to trace it.
Result<UniqueFd> copy_descriptor(const UniqueFd& process, int fd);

// pidfd_send_signal(2); Errc::not_found when the process has ended.
Result<void> send_signal(const UniqueFd& process, int signal);

struct WaitStatus {
  std::optional<int> status;  // none: the process was not our child, or was reaped before
  int signal = 0;
};

// Reaps an ended process; does not block.
WaitStatus reap(const UniqueFd& process);

// Field 22 of proc_pid_stat(5).
Result<std::uint64_t> start_ticks(std::int32_t pid);

// The inode that identifies the mount namespace of a process; 0 when it has ended or may not be seen.
std::uint64_t mount_namespace(std::int32_t pid);

// Holds that namespace open, so that its inode is not given to another.
Result<UniqueFd> open_mount_namespace(std::int32_t pid);

// The process a thread belongs to (proc_pid_status(5), Tgid).
Result<std::int32_t> process_of_thread(std::int32_t tid);

// How many threads of a process wait in the kernel for the answer to a seccomp notification, received or not.
std::size_t threads_in_notification(std::int32_t pid);

// Every process of the machine.
std::vector<std::int32_t> all_processes();

// Children of ours that have ended and were not waited for.
std::vector<std::int32_t> zombie_children();

// Kills every process in mount namespace `inode` until none is left or `limit` has passed, and reaps those that are our
// children; leaves `keep` alone. Blocks: for the pool. Returns how many would not die. The caller holds the namespace
// open, or its number may be another's by now; without that, a `marker` that the environment of each victim must hold.
// Inode 0 and our own namespace are refused.
std::size_t kill_namespace(std::uint64_t inode, std::int32_t keep, Duration limit, const std::string& marker = "");

// Makes us the parent of processes whose parents have ended, so that a container's exit status can be learnt: crun
// itself ends after `create`. Once, at start (prctl(2), PR_SET_CHILD_SUBREAPER).
Result<void> become_subreaper();

}  // namespace schedkit
