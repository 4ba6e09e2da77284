// What watch.bpf.c and its loader share. Plain C that both compilers lay out alike.
//
// Everything the loader writes carries a generation, a number that counts up with each new filter and each rescan. The
// programs use the present generation only, so a filter is replaced by one store after its entries were written, and
// what was tracked before is forgotten in the same instant.
#ifndef SCHEDKIT_BPF_WATCH_H
#define SCHEDKIT_BPF_WATCH_H

#include <linux/types.h>

#define WATCH_NAME_SIZE 64        // longest_filter_name and a NUL
#define WATCH_COMM_SIZE 16        // TASK_COMM_LEN
#define WATCH_MOST_NAMES 16384    // per kind; the old and the new filter are in the maps together
#define WATCH_MOST_TRACKED 16384  // beyond it the programs report every process: watch_control.pass_all
#define WATCH_RING_SIZE (256 * 1024)

enum watch_kind { WATCH_EXEC = 1, WATCH_RENAME = 2, WATCH_FORK = 3, WATCH_EXIT = 4 };

// watch_record.flags
#define WATCH_UNTRACKED 1u  // the map was full: the end of this process will not be reported

// One record of the ring. An exit leaves everything after `kind` empty.
struct watch_record {
  __u64 start_ticks;  // proc_pid_stat(5), field 22
  __u32 pid;          // thread group id in the initial pid namespace
  __u32 generation;
  __u32 uid;  // real
  __u8 kind;
  __u8 flags;
  __u16 exe_length;  // of the whole file name; exe_name holds at most WATCH_NAME_SIZE - 1 bytes of it
  char comm[WATCH_COMM_SIZE];
  char exe_name[WATCH_NAME_SIZE];
};

struct watch_exact_key {
  __u32 generation;
  char name[WATCH_NAME_SIZE];  // padded with NULs
};

// Key of the prefix tries; the name is reversed in the one of suffixes.
struct watch_trie_key {
  __u32 bits;  // of `exact` that count
  struct watch_exact_key exact;
};

struct watch_tracked_key {
  __u32 pid;
  __u32 generation;
};

// What the filter of one generation holds, so that empty maps cost nothing.
struct watch_filter {
  __u32 everything;
  __u32 exact;           // entries
  __u32 prefixes;        // entries
  __u32 longest_suffix;  // bytes; 0: no suffixes
};

struct watch_control {
  __u32 generation;
  __u32 pass_all;                  // report every exec, rename, fork and exit; the loader judges
  struct watch_filter filters[2];  // by generation modulo 2
  __u64 lost;                      // records that found no room in the ring
};

#endif
