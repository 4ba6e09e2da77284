/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The part of the kernel's struct sched_ext_ops that our schedulers set, for both sides: the BPF programs fill it in,
 * and user space changes its scalars through bpf_map__initial_value() before the object is loaded. libbpf matches
 * members with the running kernel's struct by name and kind, so order and omissions here are free, and a kernel with
 * more members needs no change. Kernel: include/linux/sched/ext.h and kernel/sched/ext_internal.h, 6.12 and later.
 */
#pragma once

#include <linux/types.h>
#ifndef __cplusplus
#include <stdbool.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct task_struct;
struct scx_exit_info;
struct scx_init_task_args;

#define SCX_OPS_NAME_LEN 128

struct sched_ext_ops {
  __s32 (*select_cpu)(struct task_struct* p, __s32 prev_cpu, __u64 wake_flags);
  void (*enqueue)(struct task_struct* p, __u64 enq_flags);
  void (*dispatch)(__s32 cpu, struct task_struct* prev);
  void (*running)(struct task_struct* p);
  void (*stopping)(struct task_struct* p, bool runnable);
  void (*enable)(struct task_struct* p);
  void (*cpu_online)(__s32 cpu);
  void (*cpu_offline)(__s32 cpu);
  __s32 (*init)(void);
  void (*exit)(struct scx_exit_info* info);
  __u64 flags;
  __u32 timeout_ms;
  __u64 hotplug_seq;
  char name[SCX_OPS_NAME_LEN];
};

#ifdef __cplusplus
}
#endif
