// SPDX-License-Identifier: GPL-2.0
/*
 * schedkit_vtime: weighted virtual time, one queue per last-level cache (LLC).
 *
 * A task that wakes goes straight to an idle CPU when there is one. Otherwise it waits in the queue of its CPU's LLC,
 * which is ordered by virtual time: time used, divided by the weight (100 is nice 0). A CPU takes from its own LLC's
 * queue, and from the others in turn when its own has nothing that it may run, so nothing waits while a CPU that may
 * run it idles.
 *
 * Each LLC has its own clock, the largest virtual time that began to run there. Clocks of different LLCs advance at
 * different speeds and are never compared: a task that arrives from elsewhere is moved into the window around the local
 * clock (see into_window). Fairness by weight holds within an LLC; between LLCs, load moves by idle CPUs only.
 *
 * CPU hotplug changes the topology that is fixed at load: without ops.cpu_online and ops.cpu_offline the kernel ends
 * the scheduler with a request to restart, which user space follows.
 */
#include "bpf/schedulers/counters.bpf.h"
#include "bpf/schedulers/exit_report.bpf.h"
#include "bpf/schedulers/scx_compat.bpf.h"
#include "bpf/schedulers/settings.h"

char license_[] SEC("license") = "GPL";

const volatile struct vtime_settings settings SEC(".rodata.settings") = {.slice_ns = 20000000, .llcs = 1};

struct llc_clock {
  u64 now;
} __attribute__((aligned(64))); /* a cache line each */

struct llc_clock clocks[SCHEDKIT_MAX_LLCS];

/* When the task now on a CPU began to run. ops.stopping may run on another CPU, hence looked up by number. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} began SEC(".maps");

static __always_inline u32 llc_of(s32 cpu) {
  if (cpu < 0 || cpu >= SCHEDKIT_MAX_CPUS) return 0;
  return settings.llc_of_cpu[cpu] & (SCHEDKIT_MAX_LLCS - 1);
}

static __always_inline u64 scaled(u64 ns, const struct task_struct* p) { return ns * 100 / (p->scx.weight ?: 1); }

static __always_inline u64* began_on(s32 cpu) {
  u32 zero = 0;
  return bpf_map_lookup_percpu_elem(&began, &zero, cpu);
}

/*
 * The task's virtual time, at least the clock minus one slice (sleeping saves up no more than that) and at most the
 * clock plus two of its own slices (what it can have used since it was last compared with this clock; more means that
 * it comes from another LLC or had a CPU for itself, and would wait for its old lead without end).
 */
static __always_inline u64 into_window(const struct task_struct* p, u32 llc) {
  u64 now = clocks[llc].now, vtime = p->scx.dsq_vtime;
  u64 earliest = now - settings.slice_ns, latest = now + 2 * scaled(settings.slice_ns, p);
  if ((s64)(vtime - earliest) < 0) return earliest;
  if ((s64)(vtime - latest) > 0) return latest;
  return vtime;
}

SEC("struct_ops/vtime_select_cpu")
s32 BPF_PROG(vtime_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  bool idle = false;
  s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
  if (idle) {
    COUNT(direct);
    dsq_insert(p, SCX_DSQ_LOCAL, settings.slice_ns, 0);
  }
  return cpu;
}

SEC("struct_ops/vtime_enqueue")
void BPF_PROG(vtime_enqueue, struct task_struct* p, u64 enq_flags) {
  u32 llc = llc_of(scx_bpf_task_cpu(p));
  COUNT(queued);
  dsq_insert_vtime(p, llc, settings.slice_ns, into_window(p, llc), enq_flags);
  /* A waking task's CPU looks at the queue by itself; for one whose slice ended, an idle CPU must be told. */
  if (!(enq_flags & SCX_ENQ_WAKEUP)) {
    s32 cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
    if (cpu >= 0) scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
  }
}

SEC("struct_ops/vtime_dispatch")
void BPF_PROG(vtime_dispatch, s32 cpu, struct task_struct* prev) {
  u32 own = llc_of(cpu);
  int i;
  if (dsq_move_to_local(own)) return;
  bpf_for(i, 1, settings.llcs) {
    s32 other = own + i;
    if (other >= settings.llcs) other -= settings.llcs;
    if (dsq_move_to_local(other)) {
      COUNT(stolen);
      return;
    }
  }
}

SEC("struct_ops/vtime_running")
void BPF_PROG(vtime_running, struct task_struct* p) {
  s32 cpu = scx_bpf_task_cpu(p);
  u32 llc = llc_of(cpu);
  u64 vtime = into_window(p, llc), *start = began_on(cpu);
  if (start) *start = bpf_ktime_get_ns();
  if (vtime != p->scx.dsq_vtime)
    task_set_vtime(p, vtime); /* slept, or measured by another clock: says nothing about this one */
  else if ((s64)(vtime - clocks[llc].now) > 0)
    clocks[llc].now = vtime;
}

SEC("struct_ops/vtime_stopping")
void BPF_PROG(vtime_stopping, struct task_struct* p, bool runnable) {
  u64* start = began_on(scx_bpf_task_cpu(p));
  if (!start || !*start) return;
  task_set_vtime(p, p->scx.dsq_vtime + scaled(bpf_ktime_get_ns() - *start, p));
}

SEC("struct_ops/vtime_enable")
void BPF_PROG(vtime_enable, struct task_struct* p) { task_set_vtime(p, clocks[llc_of(scx_bpf_task_cpu(p))].now); }

SEC("struct_ops.s/vtime_init")
s32 BPF_PROG(vtime_init) {
  int i;
  bpf_for(i, 0, settings.llcs) {
    s32 error = scx_bpf_create_dsq(i, -1);
    if (error) return error;
  }
  return 0;
}

SEC("struct_ops/vtime_exit")
void BPF_PROG(vtime_exit, struct scx_exit_info* info) { report_exit(info); }

SEC(".struct_ops.link")
struct sched_ext_ops vtime_ops = {
    .select_cpu = (void*)vtime_select_cpu,
    .enqueue = (void*)vtime_enqueue,
    .dispatch = (void*)vtime_dispatch,
    .running = (void*)vtime_running,
    .stopping = (void*)vtime_stopping,
    .enable = (void*)vtime_enable,
    .init = (void*)vtime_init,
    .exit = (void*)vtime_exit,
    .name = "schedkit_vtime",
};
