/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What ops.exit() tells user space through the ring buffer "exit_reports": one record per attachment, when it ended. */
#pragma once

#include <linux/types.h>

enum {
  EXIT_REASON_SIZE = 128,
  EXIT_MESSAGE_SIZE = 1024,
};

struct exit_report {
  __s64 code; /* SCX_ECODE_* bits, or the scheduler's own */
  __u32 kind; /* enum scx_exit_kind */
  char reason[EXIT_REASON_SIZE];
  char message[EXIT_MESSAGE_SIZE];
};

/* enum scx_exit_kind and enum scx_exit_code of the kernel; stable since 6.12. */
#define SCHEDKIT_EXIT_UNREG 64U
#define SCHEDKIT_EXIT_UNREG_BPF 65U
#define SCHEDKIT_EXIT_ERROR 1024U
#define SCHEDKIT_ECODE_ACT_RESTART (1ULL << 48)
