/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's side of struct scheduler_counters. */
#pragma once

#include "bpf/schedulers/scx.bpf.h"
#include "bpf/schedulers/settings.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct scheduler_counters);
} counters SEC(".maps");

/* COUNT(queued) adds one to that counter of this CPU. */
#define COUNT(name)                                                           \
  do {                                                                        \
    u32 zero_ = 0;                                                            \
    struct scheduler_counters* own_ = bpf_map_lookup_elem(&counters, &zero_); \
    if (own_) own_->name++;                                                   \
  } while (0)
