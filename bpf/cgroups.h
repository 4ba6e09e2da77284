// What cgroups.bpf.c and its loader share. Plain C that both compilers lay out alike. Generations: see watch.h.
#ifndef SCHEDKIT_BPF_CGROUPS_H
#define SCHEDKIT_BPF_CGROUPS_H

#include <linux/types.h>

#define CGROUPS_PREFIX_SIZE 124     // longest_cgroup_prefix and a NUL
#define CGROUPS_MOST_PREFIXES 2048  // per kind; the old and the new filter are in the maps together
#define CGROUPS_PATH_SIZE 512
#define CGROUPS_RING_SIZE (256 * 1024)

enum cgroups_kind { CGROUPS_MADE = 1, CGROUPS_REMOVED = 2, CGROUPS_POPULATED = 3, CGROUPS_EMPTY = 4 };

// One record of the ring.
struct cgroups_record {
  __u32 generation;
  __u16 kind;
  __u16 length;  // of path with its NUL; CGROUPS_PATH_SIZE: it may be cut
  char path[CGROUPS_PATH_SIZE];
};

struct cgroups_text {
  __u32 generation;
  char text[CGROUPS_PREFIX_SIZE];
};

// Key of the tries.
struct cgroups_key {
  __u32 bits;  // of `of` that count
  struct cgroups_text of;
};

// How many entries the filter of one generation has, so that empty maps cost nothing.
struct cgroups_filter {
  __u32 paths;
  __u32 names;
};

struct cgroups_control {
  __u32 generation;
  struct cgroups_filter filters[2];  // by generation modulo 2
  __u64 lost;                        // records that found no room in the ring
};

#endif
