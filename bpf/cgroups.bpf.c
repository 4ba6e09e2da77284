// SPDX-License-Identifier: GPL-2.0
// Reports cgroups of the unified hierarchy that a rule may match: when they are made, become populated or empty, and
// are removed. Whatever the filter (core/policy/cgroup_filter.h) does not admit is dropped here and wakes nobody.
#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

#include "bpf/cgroups.h"

char cgroups_license[] SEC("license") = "GPL";

volatile struct cgroups_control control;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, CGROUPS_RING_SIZE);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, CGROUPS_MOST_PREFIXES);
  __type(key, struct cgroups_key);
  __type(value, __u8);
} paths SEC(".maps"), names SEC(".maps");

static __noinline bool admitted(const char* path, const char* name, __u32 generation) {
  volatile struct cgroups_filter* filter = &control.filters[generation & 1];
  struct cgroups_key key = {.bits = 8 * sizeof(struct cgroups_text), .of = {.generation = generation}};
  if (filter->paths && bpf_probe_read_kernel_str(key.of.text, sizeof(key.of.text), path) > 1 &&
      bpf_map_lookup_elem(&paths, &key)) {
    return true;
  }
  if (!filter->names) return false;
  __builtin_memset(key.of.text, 0, sizeof(key.of.text));
  return bpf_probe_read_kernel_str(key.of.text, sizeof(key.of.text), name) > 1 && bpf_map_lookup_elem(&names, &key);
}

static __always_inline struct cgroups_record* reserve(void) {
  struct cgroups_record* record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
  if (record) return record;
  // As in watch.bpf.c: the second try wakes the reader to see the loss.
  __sync_fetch_and_add(&control.lost, 1);
  return bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
}

static __always_inline void consider(struct cgroup* cgroup, const char* path, __u16 kind) {
  if (BPF_CORE_READ(cgroup, root, hierarchy_id) != 0) return;  // version 1
  const char* name = BPF_CORE_READ(cgroup, kn, name);
  __u32 generation = control.generation;
  bool wanted = admitted(path, name, generation);
  if (!wanted && control.generation != generation) {
    // The filter changed while we looked: the scan that follows such a change may already have passed this cgroup.
    generation = control.generation;
    wanted = admitted(path, name, generation);
  }
  if (!wanted) return;
  struct cgroups_record* record = reserve();
  if (!record) return;
  record->generation = generation;
  record->kind = kind;
  long length = bpf_probe_read_kernel_str(record->path, sizeof(record->path), path);
  record->length = length > 0 ? length : 0;
  bpf_ringbuf_submit(record, 0);
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup* cgroup, const char* path) {
  consider(cgroup, path, CGROUPS_MADE);
  return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_rmdir, struct cgroup* cgroup, const char* path) {
  consider(cgroup, path, CGROUPS_REMOVED);
  return 0;
}

SEC("tp_btf/cgroup_notify_populated")
int BPF_PROG(on_populated, struct cgroup* cgroup, const char* path, int populated) {
  consider(cgroup, path, populated ? CGROUPS_POPULATED : CGROUPS_EMPTY);
  return 0;
}
