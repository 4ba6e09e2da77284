/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel types and functions that our schedulers use, by hand instead of a generated vmlinux.h: the build needs neither
 * BTF of a kernel with sched_ext nor a download. Members are found by name at load time (CO-RE), so each struct lists
 * only what is read, with members of the kernel's kind (an enum must be an enum). Functions whose name or prototype
 * changed since 6.12 are in scx_compat.bpf.h.
 */
#pragma once

#include <linux/bpf.h>

#include "bpf/schedulers/sched_ext_ops.h"

typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

#include <bpf/bpf_helpers.h> /* after the types, which it uses */
#include <bpf/bpf_tracing.h>

#define KERNEL_STRUCT __attribute__((preserve_access_index))

struct cpumask {
  unsigned long bits[1];
} KERNEL_STRUCT;

struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));

struct sched_ext_entity {
  u32 weight; /* 1..10000, 100 is nice 0 */
  u64 slice;
  u64 dsq_vtime;
} KERNEL_STRUCT;

struct task_struct {
  const struct cpumask* cpus_ptr;
  struct sched_ext_entity scx;
} KERNEL_STRUCT;

enum scx_exit_kind { SCX_EXIT_NONE };

struct scx_exit_info {
  enum scx_exit_kind kind;
  s64 exit_code;
  const char* reason;
  char* msg;
} KERNEL_STRUCT;

#define SCX_DSQ_GLOBAL (1ULL << 63 | 1)
#define SCX_DSQ_LOCAL (1ULL << 63 | 2)
#define SCX_ENQ_WAKEUP 1ULL
#define SCX_KICK_IDLE 1ULL

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_select_cpu_dfl(struct task_struct* p, s32 prev_cpu, u64 wake_flags, bool* is_idle) __ksym;
s32 scx_bpf_pick_idle_cpu(const struct cpumask* cpus_allowed, u64 flags) __ksym;
s32 scx_bpf_task_cpu(const struct task_struct* p) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
void scx_bpf_error_bstr(char* format, unsigned long long* data, u32 data__sz) __ksym;
