// The few fields of kernel structures that our watching programs read. libbpf finds their real offsets in the running kernel's
// BTF (CO-RE), by name and also inside unnamed unions, so neither the order here nor the build machine's kernel
// matters.
#ifndef SCHEDKIT_BPF_KERNEL_TYPES_H
#define SCHEDKIT_BPF_KERNEL_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  int counter;
} atomic_t;

typedef struct {
  __u32 val;
} kuid_t;

struct qstr {
  __u32 len;
  const unsigned char* name;
};

struct dentry {
  struct qstr d_name;
};

struct path {
  struct dentry* dentry;
};

struct file {
  struct path f_path;
};

struct mm_struct {
  struct file* exe_file;
};

struct cred {
  kuid_t uid;
};

struct signal_struct {
  atomic_t live;  // threads that have not begun to exit
};

struct task_struct {
  int pid;
  int tgid;
  int prio;  // effective: below 100 a real-time or deadline task
  unsigned int flags;
  unsigned int in_execve : 1;
  __u64 start_boottime;
  char comm[16];
  struct task_struct* group_leader;
  struct mm_struct* mm;
  struct signal_struct* signal;
  const struct cred* real_cred;
};

struct kernfs_node {
  const char* name;
};

struct cgroup_root {
  int hierarchy_id;
};

struct cgroup {
  struct kernfs_node* kn;
  struct cgroup_root* root;
};

struct linux_binprm;

#pragma clang attribute pop

#endif
