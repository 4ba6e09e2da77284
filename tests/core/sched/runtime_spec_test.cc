#include "core/sched/runtime_spec.h"

#include <linux/capability.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using Json = nlohmann::json;

TEST_GROUP(Spec) {
  RunRequest request;
  SpecInput input;

  void setup() override {
    Scheduler scheduler;
    scheduler.name = "fifo";
    request.choice = {scheduler, "", {}};
    request.image = {
        "oci:/x:1", "sha256:0", "/store/rootfs", {"/bin/fifo"}, {"--default"}, {"A=image", "PATH=/opt"}, "", 15, {}};
    input = {"fifo-1", "/run/schedkit/gate.sock", "/run/schedkit/scx/fifo-1", "/schedkit/fifo-1", 2, {}};
    input.permissions = {std::numeric_limits<std::uint64_t>::max(), 1048576, 65536, true, true};
  }

  Json spec() {
    const auto text = runtime_spec(request, input);
    CHECK(text.has_value());
    return Json::parse(*text);
  }
  Errc refusal() { return runtime_spec(request, input).error().code; }
  static const Json* mount_at(const Json& spec, const std::string& target) {
    for (const auto& mount : spec["mounts"]) {
      if (mount["destination"] == target) return &mount;
    }
    return nullptr;
  }
  static bool has(const Json& list, const char* word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  }
};

TEST(Spec, strict_gives_three_capabilities_and_nothing_else) {
  const Json made = spec();
  const Json expected = {"CAP_SYS_NICE", "CAP_PERFMON", "CAP_BPF"};
  for (const char* set : {"bounding", "effective", "permitted"})
    CHECK(made["process"]["capabilities"][set] == expected);
  CHECK_FALSE(made["process"]["capabilities"].contains("ambient"));
  CHECK(made["process"]["noNewPrivileges"] == true);
  CHECK(made["root"] == Json({{"path", "/store/rootfs"}, {"readonly", true}}));
  CHECK(made["linux"]["namespaces"] ==
        Json::array({{{"type", "mount"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "network"}}}));
  CHECK(has((*mount_at(made, "/sys"))["options"], "ro"));
  CHECK(mount_at(made, "/sys/fs/bpf") == nullptr);
  STRCMP_EQUAL("/run/schedkit/scx/fifo-1", (*mount_at(made, "/run/scx"))["source"].get<std::string>().c_str());
  CHECK(has(made["linux"]["readonlyPaths"], "/proc/sysrq-trigger"));
  CHECK_FALSE(made.contains("hooks"));
}

TEST(Spec, the_gate_looks_at_the_low_half_of_the_command) {
  const Json seccomp = spec()["linux"]["seccomp"];
  const Json expected = Json::parse(R"({"names": ["bpf"], "action": "SCMP_ACT_NOTIFY",
      "args": [{"index": 0, "value": 4294967295, "valueTwo": 28, "op": "SCMP_CMP_MASKED_EQ"}]})");
  CHECK(seccomp["syscalls"][0] == expected);
  STRCMP_EQUAL("/run/schedkit/gate.sock", seccomp["listenerPath"].get<std::string>().c_str());
  STRCMP_EQUAL("fifo-1", seccomp["listenerMetadata"].get<std::string>().c_str());
  CHECK(seccomp["defaultAction"] == "SCMP_ACT_ALLOW");
  CHECK(seccomp["flags"] == Json({"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}));
  CHECK(seccomp["syscalls"][1]["action"] == "SCMP_ACT_ERRNO");
  CHECK(has(seccomp["syscalls"][1]["names"], "unshare"));
  CHECK_FALSE(has(seccomp["syscalls"][1]["names"], "bpf"));
#if defined(__x86_64__)
  CHECK(has(seccomp["architectures"], "SCMP_ARCH_X86"));
  CHECK(has(seccomp["architectures"], "SCMP_ARCH_X32"));
#endif
}

TEST(Spec, an_old_kernel_gets_no_unknown_flag) {
  input.permissions.wait_killable = false;
  CHECK_FALSE(spec()["linux"]["seccomp"].contains("flags"));
}

TEST(Spec, arguments_of_the_policy_replace_those_of_the_image) {
  CHECK(spec()["process"]["args"] == Json({"/bin/fifo", "--default"}));
  request.choice.args = {"--fast", "x"};
  CHECK(spec()["process"]["args"] == Json({"/bin/fifo", "--fast", "x"}));
  request.choice.args.clear();
  request.image.entrypoint.clear();
  request.image.command.clear();
  CHECK(refusal() == Errc::invalid);
}

TEST(Spec, environment_of_the_policy_wins) {
  request.choice.scheduler->env = {{"A", "policy"}};
  CHECK(spec()["process"]["env"] == Json({"SCHEDKIT_RUN=fifo-1", "A=policy", "PATH=/opt", "HOME=/"}));
}

TEST(Spec, limits_are_what_was_asked_or_fit_the_machine) {
  Json resources = spec()["linux"]["resources"];
  CHECK(resources["memory"]["limit"] == 512ULL << 20);
  CHECK(resources["pids"]["limit"] == 512);
  input.cpus = 128;
  CHECK(spec()["linux"]["resources"]["memory"]["limit"] == 1024ULL << 20);
  request.choice.scheduler->memory = 7;
  request.choice.scheduler->pids = 8;
  resources = spec()["linux"]["resources"];
  CHECK(resources["memory"]["limit"] == 7);
  CHECK(resources["pids"]["limit"] == 8);
  input.cgroups_path.clear();
  CHECK_FALSE(spec()["linux"].contains("resources"));
}

TEST(Spec, what_we_may_not_raise_is_not_asked_for) {
  CHECK(spec()["process"]["oomScoreAdj"] == -500);
  CHECK(spec()["process"]["rlimits"][0]["hard"] == std::numeric_limits<std::uint64_t>::max());
  input.permissions.raise_limits = false;
  input.permissions.nofile_limit = 1000;
  const Json process = spec()["process"];
  CHECK_FALSE(process.contains("oomScoreAdj"));
  CHECK(process["rlimits"][0]["hard"] == 65536);
  CHECK(process["rlimits"][1]["soft"] == 1000);
}

TEST(Spec, compat_adds_and_privileged_takes_all) {
  request.choice.scheduler->profile = Profile::compat;
  const Json compat = spec();
  CHECK(has(compat["process"]["capabilities"]["bounding"], "CAP_SYS_ADMIN"));
  CHECK(mount_at(compat, "/sys/fs/bpf") != nullptr);
  CHECK_EQUAL(2U, compat["linux"]["seccomp"]["syscalls"].size());
  request.choice.scheduler->profile = Profile::privileged;
  const Json privileged = spec();
  CHECK_EQUAL(41U, privileged["process"]["capabilities"]["bounding"].size());
  CHECK_EQUAL(1U, privileged["linux"]["seccomp"]["syscalls"].size());
  CHECK_FALSE(privileged["linux"].contains("maskedPaths"));
}

TEST(Spec, capabilities_that_do_not_exist_or_are_not_ours_are_refused) {
  request.choice.scheduler->caps_add = {"CAP_KILL"};
  CHECK(has(spec()["process"]["capabilities"]["bounding"], "CAP_KILL"));
  request.choice.scheduler->caps_add = {"KILL"};
  CHECK(refusal() == Errc::invalid);
  request.choice.scheduler->caps_add.clear();
  input.permissions.capabilities &= ~(1ULL << CAP_BPF);
  CHECK(refusal() == Errc::denied);
}

TEST(Spec, paths_that_could_mean_another_are_refused) {
  request.choice.scheduler->paths_rw = {"/proc/irq"};
  CHECK_FALSE(has(spec()["linux"]["readonlyPaths"], "/proc/irq"));
  for (const char* path : {"relative", "/a/../etc", "/", "", "/a/./b"}) {
    request.choice.scheduler->paths_rw = {path};
    CHECK(refusal() == Errc::invalid);
  }
  request.choice.scheduler->paths_rw.clear();
  request.choice.scheduler->devices = {"/etc/passwd"};
  CHECK(refusal() == Errc::invalid);
  request.choice.scheduler->devices.clear();
  request.choice.args = {std::string("a\0b", 3)};
  CHECK(refusal() == Errc::invalid);
}

TEST(Spec, foreign_bytes_do_not_break_the_json) {
  request.choice.args = {"\xff\xfe"};
  CHECK(runtime_spec(request, input).has_value());
}
