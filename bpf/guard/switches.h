/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What schedkit-guard and switches.bpf.c share: the object's ".bss", mapped by the guard. */
#ifndef SCHEDKIT_BPF_GUARD_SWITCHES_H
#define SCHEDKIT_BPF_GUARD_SWITCHES_H

#include <linux/types.h>

struct guard_switches {
  __u64 tick;     /* the guard counts its ticks here */
  __u64 switched; /* the tick in which an ordinary task was last switched in */
};

#endif
