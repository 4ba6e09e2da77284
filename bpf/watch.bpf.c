// SPDX-License-Identifier: GPL-2.0
// Reports processes that a rule may match: when they execute a program, are renamed, fork, and when they end. Whatever
// the filter (core/policy/process_filter.h) does not admit is dropped here and wakes nobody.
//
// A process is a candidate by its comm or by the file name of its executable as the kernel opened it: only that name is
// right for /proc/self/exe and for links. Candidates are tracked, so that their end is reported and so is a change into
// something that is no candidate any more; a fork of a tracked process is a candidate from birth.
//
// tp_btf only: without the kernel's BTF nothing here could be relocated, so raw tracepoints would not help.
#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

#include "bpf/watch.h"

#define PF_KTHREAD 0x00200000

char watch_license[] SEC("license") = "GPL";

const volatile __u64 tick_ns = 10000000;  // one clock tick as /proc counts them

volatile struct watch_control control;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, WATCH_RING_SIZE);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, WATCH_MOST_NAMES);
  __type(key, struct watch_exact_key);
  __type(value, __u8);
} exact_names SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, WATCH_MOST_NAMES);
  __type(key, struct watch_trie_key);
  __type(value, __u8);
} prefixes SEC(".maps"), suffixes SEC(".maps");

// Value: start_ticks, so that an entry of a dead process never speaks for the next one with its pid.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, WATCH_MOST_TRACKED);
  __type(key, struct watch_tracked_key);
  __type(value, __u64);
} tracked SEC(".maps");

// The last bytes of the name, reversed: then a suffix is a prefix.
static __always_inline bool suffix_admits(struct watch_trie_key* key, const char* name, __u32 length, __u32 longest) {
  char tail[WATCH_NAME_SIZE] = {};
  __u32 skip = length >= WATCH_NAME_SIZE ? length - (WATCH_NAME_SIZE - 1) : 0;
  long size = bpf_probe_read_kernel_str(tail, sizeof(tail), name + skip);
  if (size <= 1) return false;
  __builtin_memset(key->exact.name, 0, sizeof(key->exact.name));
  for (__u32 i = 0; i < WATCH_NAME_SIZE - 1; i++) {
    if (i >= longest || i + 1 >= size) break;
    key->exact.name[i] = tail[(size - 2 - i) & (WATCH_NAME_SIZE - 1)];
  }
  return bpf_map_lookup_elem(&suffixes, key) != NULL;
}

static __noinline bool name_admitted(const char* name, __u32 length, __u32 generation) {
  volatile struct watch_filter* filter = &control.filters[generation & 1];
  struct watch_trie_key key = {.bits = 8 * sizeof(struct watch_exact_key), .exact = {.generation = generation}};
  if (bpf_probe_read_kernel_str(key.exact.name, sizeof(key.exact.name), name) <= 1) return false;
  if (filter->exact && bpf_map_lookup_elem(&exact_names, &key.exact)) return true;
  if (filter->prefixes && bpf_map_lookup_elem(&prefixes, &key)) return true;
  __u32 longest = filter->longest_suffix;
  return longest && suffix_admits(&key, name, length, longest);
}

static __always_inline bool admitted(const char* comm, const char* exe, __u32 exe_length, __u32 generation) {
  if (control.filters[generation & 1].everything) return true;
  return name_admitted(comm, 0, generation) || (exe && name_admitted(exe, exe_length, generation));
}

// When the ring is full its reader is awake, and counts the loss after it has read what is there; it may have done so
// between the two lines below, hence the second try.
static __always_inline void send(struct watch_record* record) {
  if (bpf_ringbuf_output(&ring, record, sizeof(*record), 0) == 0) return;
  __sync_fetch_and_add(&control.lost, 1);
  bpf_ringbuf_output(&ring, record, sizeof(*record), 0);
}

static __always_inline __u64 start_ticks(struct task_struct* task) {
  return BPF_CORE_READ(task, group_leader, start_boottime) / tick_ns;
}

static __always_inline bool is_tracked(struct watch_tracked_key* key, __u64 ticks) {
  __u64* started = bpf_map_lookup_elem(&tracked, key);
  return started && *started == ticks;
}

// `task` is a thread group leader whose executable `mm` names; `comm` is the name it has or is about to get.
static __always_inline void consider(struct task_struct* task, struct mm_struct* mm, const char* comm, __u8 kind) {
  struct dentry* file = BPF_CORE_READ(mm, exe_file, f_path.dentry);
  const char* exe = (const char*)BPF_CORE_READ(file, d_name.name);
  __u32 exe_length = BPF_CORE_READ(file, d_name.len);

  __u32 generation = control.generation;
  bool wanted = admitted(comm, exe, exe_length, generation);
  if (!wanted && control.generation != generation) {
    // The filter changed while we looked: the scan that follows such a change may already have passed this process.
    generation = control.generation;
    wanted = admitted(comm, exe, exe_length, generation);
  }

  struct watch_record record = {};
  struct watch_tracked_key key = {.pid = BPF_CORE_READ(task, tgid), .generation = generation};
  record.start_ticks = start_ticks(task);
  if (wanted) {
    if (bpf_map_update_elem(&tracked, &key, &record.start_ticks, BPF_ANY)) record.flags = WATCH_UNTRACKED;
  } else {
    bool known = is_tracked(&key, record.start_ticks);
    if (!known && !control.pass_all) return;
    if (known) bpf_map_delete_elem(&tracked, &key);
  }

  record.pid = key.pid;
  record.generation = generation;
  record.uid = BPF_CORE_READ(task, real_cred, uid.val);
  record.kind = kind;
  record.exe_length = exe_length;
  bpf_probe_read_kernel_str(record.comm, sizeof(record.comm), comm);
  if (exe) bpf_probe_read_kernel_str(record.exe_name, sizeof(record.exe_name), exe);
  send(&record);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task, int old_pid, struct linux_binprm* binprm) {
  consider(task, BPF_CORE_READ(task, mm), task->comm, WATCH_EXEC);
  return 0;
}

// Fires for threads (which do not matter), for kernel threads, and within execve just before on_exec. The writer is
// always a thread of the same process, and has its memory even when the leader has ended before its threads.
SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct* task, const char* comm) {
  if (BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid) || (BPF_CORE_READ(task, flags) & PF_KTHREAD)) return 0;
  if (bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD_PROBED(task, in_execve)) return 0;
  struct task_struct* writer = (struct task_struct*)bpf_get_current_task();
  consider(task, BPF_CORE_READ(writer, mm), comm, WATCH_RENAME);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid) || (BPF_CORE_READ(child, flags) & PF_KTHREAD)) return 0;
  struct watch_tracked_key key = {.pid = BPF_CORE_READ(parent, tgid), .generation = control.generation};
  if (!control.pass_all && !is_tracked(&key, start_ticks(parent))) return 0;
  consider(child, BPF_CORE_READ(child, mm), child->comm, WATCH_FORK);
  return 0;
}

// A process ends with its last thread, which need not be the leader. Threads that end together may all see zero here:
// the one that removes the entry reports.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  if (BPF_CORE_READ(task, signal, live.counter) != 0) return 0;
  struct watch_record record = {.kind = WATCH_EXIT};
  struct watch_tracked_key key = {.pid = BPF_CORE_READ(task, tgid), .generation = control.generation};
  record.start_ticks = start_ticks(task);
  bool known = is_tracked(&key, record.start_ticks) && bpf_map_delete_elem(&tracked, &key) == 0;
  if (!known && (!control.pass_all || (BPF_CORE_READ(task, flags) & PF_KTHREAD))) return 0;
  record.pid = key.pid;
  record.generation = key.generation;
  send(&record);
  return 0;
}
