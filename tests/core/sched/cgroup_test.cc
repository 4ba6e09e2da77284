#include "core/sched/cgroup.h"

#include <unistd.h>

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Cgroup){};

TEST(Cgroup, auto_takes_what_the_machine_has) {
  const auto with_systemd = plan_cgroups("auto", {.unified = true, .hybrid = false, .systemd_bus = true});
  CHECK(with_systemd->manager == CgroupManager::systemd);
  const auto without = plan_cgroups("auto", {.unified = true, .hybrid = false, .systemd_bus = false});
  CHECK(without->manager == CgroupManager::cgroupfs);
  const auto hybrid = plan_cgroups("auto", {.unified = false, .hybrid = true, .systemd_bus = true});
  CHECK(hybrid->manager == CgroupManager::none);
  CHECK(hybrid->hide_hybrid);
  const auto old = plan_cgroups("auto", {.unified = false, .hybrid = false, .systemd_bus = true});
  CHECK(old->manager == CgroupManager::none);
  CHECK_FALSE(old->hide_hybrid);
}

TEST(Cgroup, what_cannot_be_is_refused) {
  CHECK(plan_cgroups("cgroup", {}).error().code == Errc::invalid);
  CHECK(plan_cgroups("cgroupfs", {.unified = false, .hybrid = true, .systemd_bus = true}).error().code ==
        Errc::unsupported);
  CHECK(plan_cgroups("systemd", {.unified = true, .hybrid = false, .systemd_bus = false}).error().code ==
        Errc::unsupported);
  CHECK(plan_cgroups("disabled", {.unified = true, .hybrid = false, .systemd_bus = true})->manager ==
        CgroupManager::none);
}

TEST(Cgroup, paths_and_commands_belong_to_the_manager) {
  using Words = std::vector<std::string>;
  const CgroupPlan systemd{CgroupManager::systemd, false};
  STRCMP_EQUAL("schedkit.slice:schedkit:a-1", cgroups_path(systemd, "a-1").c_str());
  CHECK((runtime_command(systemd, "crun", "/r") == Words{"crun", "--root", "/r", "--systemd-cgroup"}));
  const CgroupPlan files{CgroupManager::cgroupfs, false};
  STRCMP_EQUAL("/schedkit/a-1", cgroups_path(files, "a-1").c_str());
  const CgroupPlan hidden{CgroupManager::none, true};
  STRCMP_EQUAL("", cgroups_path(hidden, "a-1").c_str());
  const auto words = runtime_command(hidden, "crun", "/r");
  STRCMP_EQUAL("unshare", words.front().c_str());
  STRCMP_EQUAL("--cgroup-manager=disabled", words.back().c_str());
}

TEST(Cgroup, a_cgroup_that_was_not_made_for_the_run_is_not_its) {
  STRCMP_EQUAL("", cgroup_directory(::getpid(), "no-such-run").c_str());
}

TEST(Cgroup, the_cgroup_of_a_run_is_its_scope_with_all_below) {
  STRCMP_EQUAL("/schedkit.slice/schedkit-a-1.scope",
               cgroup_made_for("0::/schedkit.slice/schedkit-a-1.scope/container\n", "a-1").c_str());
  STRCMP_EQUAL("/schedkit/a-1", cgroup_made_for("4:cpu:/a-1\n0::/schedkit/a-1\n", "a-1").c_str());
  STRCMP_EQUAL("", cgroup_made_for("0::/system.slice/schedkitd.service\n", "a-1").c_str());
  STRCMP_EQUAL("", cgroup_made_for("4:cpu:/a-1\n0::/\n", "a-1").c_str());
  STRCMP_EQUAL("", cgroup_made_for("", "a-1").c_str());
}
