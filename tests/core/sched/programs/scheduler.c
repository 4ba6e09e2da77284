// What the runner's tests run in a container; static. MODE… are done in order:
//   print TEXT   exit STATUS   wait   attach   ignore-term   fork   fork-zombie   forever   high-bits   interrupted
//   other
// `attach` calls bpf(BPF_LINK_CREATE) with a struct_ops attr and an array map; the kernel refuses that, the gate
// decides before it does. It prints "attach: ERRNO".
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static uint32_t attach_type = 44;   // BPF_STRUCT_OPS
static unsigned long command = 28;  // BPF_LINK_CREATE

static int make_map(void) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 1;
  return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
}

static void attach(void) {
  const int map = make_map();
  if (map < 0) printf("no map: %d\n", errno);
  uint32_t attr[16] = {(uint32_t)map, 0, attach_type};
  printf("attaching\n");
  const long result = syscall(SYS_bpf, command, attr, sizeof attr);
  printf("attach: %d\n", result < 0 ? errno : 0);
  close(map);
}

static void nothing(int signal) { (void)signal; }

// A timer's signal once a hundredth of a second while the call is parked, with handlers that have calls made anew.
static void interrupt(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = nothing;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval every = {{0, 10000}, {0, 10000}};
  setitimer(ITIMER_REAL, &every, NULL);
}

static void forever(void) {
  for (unsigned long i = 0;; ++i) {
    printf("line %lu\n", i);
    const struct timespec pause = {0, 20000000};
    nanosleep(&pause, NULL);
  }
}

static void child(int waits) {
  fflush(stdout);
  const pid_t pid = fork();
  if (pid != 0) return;
  if (!waits) _exit(0);
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 1; i < argc; ++i) {
    const char* mode = argv[i];
    if (!strcmp(mode, "print") && i + 1 < argc)
      printf("%s\n", argv[++i]);
    else if (!strcmp(mode, "exit") && i + 1 < argc)
      exit(atoi(argv[++i]));
    else if (!strcmp(mode, "wait"))
      pause();
    else if (!strcmp(mode, "attach"))
      attach();
    else if (!strcmp(mode, "ignore-term"))
      signal(SIGTERM, SIG_IGN);
    else if (!strcmp(mode, "fork"))
      child(1);
    else if (!strcmp(mode, "fork-zombie"))
      child(0);
    else if (!strcmp(mode, "forever"))
      forever();
    else if (!strcmp(mode, "high-bits"))
      command |= 1UL << 40;
    else if (!strcmp(mode, "interrupted"))
      interrupt();
    else if (!strcmp(mode, "other"))
      attach_type = 1;
    else
      return 99;
  }
  return 0;
}
