/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel functions renamed or widened since 6.12, behind one name each. Everything after "___" in a declaration is
 * dropped when libbpf looks the name up. A weak function that the kernel lacks, or has with another prototype, stays 0,
 * and the verifier removes the branch that would call it. When all supported kernels have a newer name, drop the older
 * branch.
 */
#pragma once

#include "bpf/schedulers/scx.bpf.h"

struct scx_bpf_dsq_insert_vtime_args {
  u64 dsq_id;
  u64 slice;
  u64 vtime;
  u64 enq_flags;
};

/* 6.12: dispatch; 6.13: dsq_insert; 6.19: dsq_insert___v2, which returns whether the task was taken */
bool scx_bpf_dsq_insert___v2___bool(struct task_struct* p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_insert___void(struct task_struct* p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym __weak;
void scx_bpf_dispatch___old(struct task_struct* p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym __weak;

static __always_inline void dsq_insert(struct task_struct* p, u64 dsq_id, u64 slice, u64 enq_flags) {
  if (bpf_ksym_exists(scx_bpf_dsq_insert___void))
    scx_bpf_dsq_insert___void(p, dsq_id, slice, enq_flags);
  else if (bpf_ksym_exists(scx_bpf_dsq_insert___v2___bool))
    scx_bpf_dsq_insert___v2___bool(p, dsq_id, slice, enq_flags);
  else
    scx_bpf_dispatch___old(p, dsq_id, slice, enq_flags);
}

/* 6.12: dispatch_vtime; 6.13: dsq_insert_vtime; 6.19: arguments in a struct */
bool __scx_bpf_dsq_insert_vtime(struct task_struct* p, struct scx_bpf_dsq_insert_vtime_args* args) __ksym __weak;
void scx_bpf_dsq_insert_vtime___void(struct task_struct* p, u64 dsq_id, u64 slice, u64 vtime,
                                     u64 enq_flags) __ksym __weak;
void scx_bpf_dispatch_vtime___old(struct task_struct* p, u64 dsq_id, u64 slice, u64 vtime, u64 enq_flags) __ksym __weak;

static __always_inline void dsq_insert_vtime(struct task_struct* p, u64 dsq_id, u64 slice, u64 vtime, u64 enq_flags) {
  if (bpf_ksym_exists(__scx_bpf_dsq_insert_vtime)) {
    struct scx_bpf_dsq_insert_vtime_args args = {
        .dsq_id = dsq_id, .slice = slice, .vtime = vtime, .enq_flags = enq_flags};
    __scx_bpf_dsq_insert_vtime(p, &args);
  } else if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime___void)) {
    scx_bpf_dsq_insert_vtime___void(p, dsq_id, slice, vtime, enq_flags);
  } else {
    scx_bpf_dispatch_vtime___old(p, dsq_id, slice, vtime, enq_flags);
  }
}

/* 6.12: consume; 6.13: dsq_move_to_local; 7.1: dsq_move_to_local___v2 with enqueue flags */
bool scx_bpf_dsq_move_to_local___v2___flags(u64 dsq_id, u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_to_local(u64 dsq_id) __ksym __weak;
bool scx_bpf_consume___old(u64 dsq_id) __ksym __weak;

static __always_inline bool dsq_move_to_local(u64 dsq_id) {
  if (bpf_ksym_exists(scx_bpf_dsq_move_to_local)) return scx_bpf_dsq_move_to_local(dsq_id);
  if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___flags)) return scx_bpf_dsq_move_to_local___v2___flags(dsq_id, 0);
  return scx_bpf_consume___old(dsq_id);
}

/* 6.19: a function that checks authority; before, the member is written */
bool scx_bpf_task_set_dsq_vtime(struct task_struct* p, u64 vtime) __ksym __weak;

static __always_inline void task_set_vtime(struct task_struct* p, u64 vtime) {
  if (bpf_ksym_exists(scx_bpf_task_set_dsq_vtime))
    scx_bpf_task_set_dsq_vtime(p, vtime);
  else
    p->scx.dsq_vtime = vtime;
}
