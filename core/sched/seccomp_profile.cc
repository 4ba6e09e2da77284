#include "core/sched/seccomp_profile.h"

#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/sched/bpf_calls.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

// A call by an ABI that is not listed kills the caller.
Json architectures() {
#if defined(__x86_64__)
  return {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
#elif defined(__aarch64__)
  return {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#else
  return Json::array();  // the native one
#endif
}

Json denied_calls() {
  return {"kexec_load",
          "kexec_file_load",
          "init_module",
          "finit_module",
          "delete_module",
          "reboot",
          "swapon",
          "swapoff",
          "mount",
          "umount",
          "umount2",
          "pivot_root",
          "chroot",
          "move_mount",
          "open_tree",
          "fsopen",
          "fsconfig",
          "fsmount",
          "fspick",
          "mount_setattr",
          "setns",
          "unshare",
          "ptrace",
          "process_vm_readv",
          "process_vm_writev",
          "keyctl",
          "add_key",
          "request_key",
          "userfaultfd",
          "acct",
          "settimeofday",
          "clock_settime",
          "clock_settime64",
          "clock_adjtime",
          "clock_adjtime64",
          "adjtimex",
          "iopl",
          "ioperm"};
}

}  // namespace

Json seccomp_profile(const std::string& gate_socket, const std::string& metadata, bool gate_only, bool wait_killable) {
  constexpr std::uint32_t command_mask = 0xffffffff;
  Json gate = {
      {"names", {"bpf"}},
      {"action", "SCMP_ACT_NOTIFY"},
      {"args",
       Json::array(
           {{{"index", 0}, {"value", command_mask}, {"valueTwo", bpf_link_create}, {"op", "SCMP_CMP_MASKED_EQ"}}})}};
  Json calls = Json::array({std::move(gate)});
  if (!gate_only) calls.push_back({{"names", denied_calls()}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", EPERM}});
  Json profile = {{"defaultAction", "SCMP_ACT_ALLOW"},
                  {"architectures", architectures()},
                  {"listenerPath", gate_socket},
                  {"listenerMetadata", metadata},
                  {"syscalls", std::move(calls)}};
  // Signals but SIGKILL then wait until the gate has answered, instead of having the call made anew.
  if (wait_killable) profile["flags"] = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  return profile;
}

}  // namespace schedkit
