/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What user space fixes before a scheduler is loaded, as the only content of the section ".rodata.settings": the
 * verifier sees constants. Also the counters that --stats prints.
 */
#pragma once

#include <linux/types.h>

enum {
  SCHEDKIT_MAX_CPUS = 8192, /* CPU numbers from here on count as LLC 0 */
  SCHEDKIT_MAX_LLCS = 256,  /* further LLCs share queues */
};

struct fifo_settings {
  __u64 slice_ns;
};

struct vtime_settings {
  __u64 slice_ns;
  __s32 llcs; /* 1..SCHEDKIT_MAX_LLCS */
  __u16 llc_of_cpu[SCHEDKIT_MAX_CPUS];
};

/* Per CPU; user space adds them up. */
struct scheduler_counters {
  __u64 direct; /* tasks sent straight to an idle CPU */
  __u64 queued; /* tasks put into a shared queue */
  __u64 stolen; /* tasks taken from the queue of another LLC */
};
