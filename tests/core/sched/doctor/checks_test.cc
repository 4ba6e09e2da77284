#include "core/sched/doctor/checks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <CppUTest/TestHarness.h>

using namespace schedkit::doctor;
using Json = nlohmann::json;

TEST_GROUP(Doctor) {
  Facts facts;

  // A machine where all is well.
  void setup() override {
    facts.kernel_release = "7.2.13+deb14-amd64";
    facts.sched_ext = facts.btf = facts.notify = facts.wait_killable = facts.cgroup_unified = facts.psi = true;
    facts.bus = facts.polkit = facts.guard_program = facts.sysrq_trigger = facts.daemon = true;
    facts.config =
        "CONFIG_BPF=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_BPF_JIT=y\nCONFIG_DEBUG_INFO_BTF=y\n"
        "CONFIG_SCHED_CLASS_EXT=y\n";
    facts.capabilities = ~0ULL;
    facts.runtime = "crun";
    facts.runtime_version = "crun version 1.8.1";
    facts.processes = {"systemd", "bash"};
  }

  Check check(const std::string& id) const {
    const auto checks = run_checks(facts);
    const auto found = std::ranges::find(checks, id, &Check::id);
    CHECK(found != checks.end());
    return found == checks.end() ? Check{} : *found;
  }
  void fails(const std::string& id, Severity severity, const std::string& detail = "") const {
    const auto found = check(id);
    CHECK(found.outcome == Outcome::fail);
    CHECK(found.severity == severity);
    STRCMP_CONTAINS(detail.c_str(), found.detail.c_str());
    CHECK_FALSE(found.remediation.empty());
  }
  bool passes(const std::string& id) const { return check(id).outcome == Outcome::pass; }
  Summary summary() const { return summarize(run_checks(facts)); }
};

TEST(Doctor, a_good_machine_passes_everything) {
  for (const auto& check : run_checks(facts)) {
    if (check.outcome == Outcome::fail) FAIL(check.id.c_str());
  }
  CHECK_EQUAL(0, summary().blocking);
  CHECK_EQUAL(2, summary().skipped);  // podman and containerd
}

TEST(Doctor, has_upstreams_ids_first) {
  const char* ids[] = {"kernel.version",   "kernel.sched_ext",      "kernel.btf",
                       "kernel.config",    "caps.cap_bpf",          "caps.cap_sys_admin",
                       "caps.cap_perfmon", "runtime.podman_socket", "runtime.containerd_socket",
                       "runtime.any"};
  const auto checks = run_checks(facts);
  for (std::size_t i = 0; i < std::size(ids); ++i) STRCMP_EQUAL(ids[i], checks[i].id.c_str());
}

TEST(Doctor, ids_are_unique_and_every_check_has_a_remedy) {
  auto checks = run_checks(facts);
  for (const auto& check : checks) CHECK_FALSE(check.remediation.empty() || check.description.empty());
  std::ranges::sort(checks, {}, &Check::id);
  CHECK(std::ranges::adjacent_find(checks, {}, &Check::id) == checks.end());
}

TEST(Doctor, kernel) {
  facts.kernel_release = "6.11.9";
  fails("kernel.version", Severity::error, "6.11.9");
  facts.kernel_release = "garbage";
  fails("kernel.version", Severity::error);
  facts.kernel_release = "6.12";
  CHECK_TRUE(passes("kernel.version"));
  facts.sched_ext = facts.btf = false;
  fails("kernel.sched_ext", Severity::error);
  fails("kernel.btf", Severity::error);
  CHECK_EQUAL(2, summary().blocking);
}

TEST(Doctor, kernel_configuration) {
  facts.config =
      "# CONFIG_BPF_JIT is not set\nCONFIG_BPF=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_DEBUG_INFO_BTF=m\n"
      "CONFIG_SCHED_CLASS_EXT=y\n";
  STRCMP_EQUAL("not set: CONFIG_BPF_JIT, CONFIG_DEBUG_INFO_BTF", check("kernel.config").detail.c_str());
  fails("kernel.config", Severity::error);
  facts.config.reset();
  CHECK(check("kernel.config").outcome == Outcome::skip);
  CHECK_EQUAL(0, summary().blocking);
}

TEST(Doctor, the_known_hang) {
  facts.kernel_release = "6.18.3";
  fails("kernel.cve_2026_43392", Severity::warn, "6.18.3");
  facts.kernel_release = "7.0.1";
  CHECK_TRUE(passes("kernel.cve_2026_43392"));
  facts.sched_ext = false;
  CHECK(check("kernel.cve_2026_43392").outcome == Outcome::skip);
}

TEST(Doctor, rights) {
  facts.capabilities = ~(1ULL << 39);
  fails("caps.cap_bpf", Severity::error);
  CHECK_TRUE(passes("caps.cap_perfmon"));
  CHECK_TRUE(passes("caps.cap_sys_admin"));
  facts.bpf_error = "Operation not permitted";
  fails("bpf.rights", Severity::error, "not permitted");
}

TEST(Doctor, runtime_and_gate) {
  facts.runtime_version.clear();
  fails("runtime.any", Severity::error, "crun cannot be run");
  facts.wait_killable = false;
  CHECK_TRUE(passes("seccomp.notify"));
  STRCMP_CONTAINS("WAIT_KILLABLE_RECV", check("seccomp.notify").detail.c_str());
  facts.notify = false;
  fails("seccomp.notify", Severity::error);
}

TEST(Doctor, what_is_missing_without_blocking) {
  facts.cgroup_unified = facts.psi = facts.bus = facts.polkit = facts.daemon = false;
  facts.cgroup_hybrid = true;
  fails("cgroup.mode", Severity::warn, "hybrid");
  fails("kernel.psi", Severity::warn);
  fails("bus.system", Severity::info);
  fails("bus.polkit", Severity::info);
  fails("daemon.running", Severity::info);
  CHECK_EQUAL(0, summary().blocking);
  CHECK_EQUAL(5, summary().failed);
}

TEST(Doctor, the_guard) {
  facts.guard_program = facts.sysrq_trigger = false;
  facts.real_time_error = "Operation not permitted";
  fails("guard.program", Severity::warn);
  fails("guard.sysrq", Severity::warn);
  fails("guard.realtime", Severity::warn, "not permitted");
}

TEST(Doctor, conflicts) {
  facts.processes = {"scx_loader", "ananicy-cpp", "gamemoded"};
  fails("conflict.scx_loader", Severity::warn);
  fails("conflict.ananicy", Severity::warn);
  fails("conflict.gamemode", Severity::info);
  CHECK_TRUE(passes("conflict.scx_service"));
  facts.processes = {"scx_lavd"};
  fails("conflict.scx_service", Severity::warn, "scx_lavd runs");
  CHECK_TRUE(passes("conflict.scx_loader"));
}

TEST(Doctor, quarantine) {
  facts.quarantined = {"lavd", "rusty"};
  fails("quarantine.empty", Severity::warn, "lavd, rusty");
}

TEST(Doctor, json_is_upstreams) {
  facts.btf = false;
  const auto json = Json::parse(to_json(run_checks(facts)));
  const auto& check = json.at("checks").at(2);
  CHECK(check == Json({{"id", "kernel.btf"},
                       {"description", "The kernel describes its types (BTF)"},
                       {"severity", "error"},
                       {"status", "fail"},
                       {"detail", "/sys/kernel/btf/vmlinux is missing or empty"},
                       {"remediation", "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y"}}));
  CHECK_FALSE(json.at("checks").at(1).contains("detail"));
  CHECK_EQUAL(1, json.at("summary").at("blocking").get<int>());
  CHECK_EQUAL(1, json.at("summary").at("failed").get<int>());
  CHECK(json.at("summary").contains("passed") && json.at("summary").contains("skipped"));
}

TEST(Doctor, text_is_upstreams) {
  facts.btf = false;
  facts.psi = false;
  const auto text = to_text(run_checks(facts));
  STRCMP_CONTAINS("[PASS]  kernel.version  7.2.13+deb14-amd64\n", text.c_str());
  STRCMP_CONTAINS("[ERROR]  kernel.btf  /sys/kernel/btf/vmlinux is missing or empty\n", text.c_str());
  STRCMP_CONTAINS("[WARN]  kernel.psi  ", text.c_str());
  STRCMP_CONTAINS("[SKIP]  runtime.podman_socket  not needed", text.c_str());
  STRCMP_CONTAINS("\nRemediation:\n", text.c_str());
  STRCMP_CONTAINS("(1 blocking)\n", text.c_str());
}
