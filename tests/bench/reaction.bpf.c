// SPDX-License-Identifier: GPL-2.0
// What bench_reaction compares with: the least a reader of exec events can be. It also notes when each exec that takes
// part happened, so that both sides are measured from the same instant.
#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char reaction_license[] SEC("license") = "GPL";

volatile __u64 happened;  // CLOCK_MONOTONIC of the last exec of a program whose name begins with "skb"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 65536);
} bare_ring SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
  char comm[16];
  bpf_core_read(comm, sizeof(comm), &task->comm);
  if (comm[0] != 's' || comm[1] != 'k' || comm[2] != 'b') return 0;
  __u64 now = bpf_ktime_get_ns();
  happened = now;
  if (comm[3] == '1') bpf_ringbuf_output(&bare_ring, &now, sizeof(now), 0);
  return 0;
}
