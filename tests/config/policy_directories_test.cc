#include "config/policy_directories.h"

#include "core/loop/timer.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(PolicyDirectories) {
  Tree tree;
  std::unique_ptr<Loop> loop = std::make_unique<Loop>();
  std::unique_ptr<PolicyDirectories> directories;
  int policies = 0;
  int reports = 0;

  void start(Duration debounce = 200ms) {
    auto made = PolicyDirectories::create(
        *loop, tree.directories, {[this](const Policy&) { ++policies; }, [this](const PolicyReport&) { ++reports; }},
        debounce);
    CHECK(made.has_value());
    directories = std::move(*made);
  }
  void teardown() override {
    directories.reset();
    loop.reset();
  }
  template <class Condition>
  void run_until(Condition condition) {
    bool late = false;
    Timer limit(*loop);
    limit.set(30s, [&] { late = true; });
    while (!condition() && !late) loop->run_once(true);
    CHECK(!late);
  }
  // Everything that is under way has been told.
  void settle() {
    bool done = false;
    directories->reload([&] { done = true; });
    run_until([&] { return done; });
  }
  void write(const std::string& name, const std::string& text) { tree.write(PolicyLayer::admin, name, text); }
};

TEST(PolicyDirectories, a_dropped_file_takes_effect_and_goes_again) {
  start();
  CHECK(directories->policy().rules.empty());
  write("a.toml", complete_file("s", "r"));
  run_until([&] { return policies == 1 && reports == 1; });
  LONGS_EQUAL(1, directories->policy().rules.size());
  LONGS_EQUAL(1, directories->report().files.size());
  tree.remove(PolicyLayer::admin, "a.toml");
  run_until([&] { return policies == 2 && reports == 2; });
  CHECK(directories->policy().rules.empty());
}

TEST(PolicyDirectories, changes_close_together_are_one_swap) {
  start();
  for (int i = 0; i < 20; ++i) write(fmt::format("{}.toml", i), complete_file(fmt::format("s{}", i), "r"));
  run_until([&] { return !directories->policy().rules.empty(); });
  LONGS_EQUAL(20, directories->policy().rules.size());
  settle();
  LONGS_EQUAL(1, policies);
}

TEST(PolicyDirectories, a_broken_file_changes_the_report_only) {
  write("a.toml", complete_file("s", "r"));
  start(1ms);
  write("a.toml", "broken");
  run_until([&] { return reports == 1; });
  settle();
  LONGS_EQUAL(0, policies);
  LONGS_EQUAL(1, reports);
  LONGS_EQUAL(1, directories->policy().rules.size());
  CHECK(directories->report().files.at(0).state == PolicyFileState::last_good);
}

TEST(PolicyDirectories, a_reload_of_the_same_tells_nothing) {
  write("a.toml", complete_file("s", "r"));
  start();
  settle();
  settle();
  LONGS_EQUAL(0, policies);
  LONGS_EQUAL(0, reports);
}

TEST(PolicyDirectories, a_moved_line_is_no_new_policy) {
  write("a.toml", complete_file("s", "r"));
  start(1ms);
  write("a.toml", "# a comment\n" + complete_file("s", "r"));
  run_until([&] { return reports == 1; });
  settle();
  LONGS_EQUAL(0, policies);
}

TEST(PolicyDirectories, may_be_destroyed_while_loading_and_in_a_callback) {
  start();
  directories->reload();
  directories.reset();
  auto made = PolicyDirectories::create(*loop, tree.directories,
                                        {[this](const Policy&) {
                                           ++policies;
                                           directories.reset();
                                         },
                                         [this](const PolicyReport&) { ++reports; }},
                                        1ms);
  CHECK(made.has_value());
  directories = std::move(*made);
  write("a.toml", complete_file("s", "r"));
  run_until([&] { return policies == 1; });
  LONGS_EQUAL(0, reports);
}
