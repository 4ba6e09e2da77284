/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's side of exit_report.h: the ring buffer that wakes the owner, and the body of ops.exit(). */
#pragma once

#include "bpf/schedulers/exit_report.h"
#include "bpf/schedulers/scx.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096); /* libbpf rounds up to the page size */
} exit_reports SEC(".maps");

static __always_inline void report_exit(const struct scx_exit_info* info) {
  struct exit_report* report = bpf_ringbuf_reserve(&exit_reports, sizeof(*report), 0);
  if (!report) return; /* cannot happen: one record per load */
  report->kind = info->kind;
  report->code = info->exit_code;
  bpf_probe_read_kernel_str(report->reason, sizeof(report->reason), info->reason);
  bpf_probe_read_kernel_str(report->message, sizeof(report->message), info->msg);
  bpf_ringbuf_submit(report, BPF_RB_FORCE_WAKEUP);
}
