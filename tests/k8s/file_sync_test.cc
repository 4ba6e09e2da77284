#include "k8s/file_sync.h"

#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using Verdict = PlannedPolicy::Verdict;

TEST_GROUP(FileSync) {
  std::string directory;
  NodePlan plan;

  void setup() override {
    char path[] = "/tmp/schedkit-k8s-XXXXXX";
    directory = ::mkdtemp(path);
    plan.all_sched_policies = plan.all_sched_exts = true;
  }
  void teardown() override {
    CHECK(remove_tree(directory).has_value());
    directory = {};
    plan = {};
  }

  std::string text_of(const char* name, const char* more = "") {
    auto policy = policy_of(sched_policy(fmt::format("  default: {{builtin: kernel}}\n{}", more)));
    policy.source.name = name;
    return render(policy, {})->text;
  }
  void want(const char* name, Verdict verdict, const char* more = "") {
    PlannedPolicy planned{.source = {.name = name}, .verdict = verdict, .why = "because"};
    if (verdict == Verdict::rendered) planned.text = text_of(name, more);
    plan.policies[planned.source.file_name()] = planned;
  }
  FileOutcome sync() { return sync_files(RenderedFiles(directory), plan); }
  bool has(const char* name) { return read_file(directory + "/" + name, 65536).has_value(); }
};

TEST(FileSync, writes_what_is_wanted_once) {
  want("a", Verdict::rendered);
  STRCMP_EQUAL("k8s-a.toml", join(sync().written, " ").c_str());
  CHECK(sync().written.empty());
  STRCMP_EQUAL(plan.policies["k8s-a.toml"].text.c_str(), read_file(directory + "/k8s-a.toml", 65536)->c_str());
}

TEST(FileSync, what_is_gone_is_removed_only_when_all_objects_are_known) {
  want("a", Verdict::rendered);
  want("b", Verdict::rendered);
  sync();
  plan.policies.erase("k8s-b.toml");
  plan.all_sched_policies = false;
  CHECK(sync().removed.empty());
  plan.all_sched_policies = true;
  STRCMP_EQUAL("k8s-b.toml", join(sync().removed, " ").c_str());
  CHECK(has("k8s-a.toml"));
}

TEST(FileSync, a_gone_one_that_was_to_stay_stays) {
  want("a", Verdict::rendered, "  deletionPolicy: Keep\n");
  sync();
  plan.policies.clear();
  CHECK(sync().removed.empty());
  plan.not_selected.insert("k8s-a.toml");  // it is there, for others
  STRCMP_EQUAL("k8s-a.toml", join(sync().removed, " ").c_str());
}

TEST(FileSync, what_cannot_be_rendered_stays_as_it_is_and_what_is_suspended_goes) {
  for (const char* name : {"a", "b", "c", "d"}) want(name, Verdict::rendered);
  sync();
  want("a", Verdict::refused);
  want("b", Verdict::staged);
  want("c", Verdict::waiting);
  want("d", Verdict::suspended);
  STRCMP_EQUAL("k8s-d.toml", join(sync().removed, " ").c_str());
  CHECK(has("k8s-a.toml") && has("k8s-b.toml") && has("k8s-c.toml"));
}

TEST(FileSync, others_files_are_errors_and_stay) {
  CHECK(write_file_atomic(directory + "/k8s-a.toml", "# mine\n").has_value());
  want("a", Verdict::rendered);
  want("b", Verdict::rendered);
  const auto outcome = sync();
  CHECK_FALSE(outcome.ok());
  CHECK(outcome.errors.at("k8s-a.toml").code == Errc::exists);
  STRCMP_EQUAL("k8s-b.toml", join(outcome.written, " ").c_str());
  STRCMP_EQUAL("# mine\n", read_file(directory + "/k8s-a.toml", 100)->c_str());
}

TEST(FileSync, a_directory_that_is_not_there_is_a_trouble) {
  CHECK_EQUAL(1, sync_files(RenderedFiles(directory + "/none"), plan).troubles.size());
}
