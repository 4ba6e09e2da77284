#include "config/load.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/text_digest.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(Load) {
  Tree tree;
  LastGood kept;
  Loaded loaded;
  static constexpr auto vendor = PolicyLayer::vendor;
  static constexpr auto cluster = PolicyLayer::cluster;
  static constexpr auto admin = PolicyLayer::admin;

  void setup() override {
    std::vector<Error> problems;
    kept = LastGood::open(tree.directories.last_good, problems);
    check_lines("", problems);
  }
  void load() { loaded = load_policy(tree.directories, kept, sha256_of); }
  void restart() { setup(); }
  std::string rules() const {
    std::string ids;
    for (const auto& rule : loaded.policy.rules) ids += rule.id() + " ";
    return ids;
  }
  const PolicyFileStatus& status(PolicyLayer layer, const std::string& name) const {
    for (const auto& file : loaded.report.files) {
      if (file.path == tree.path(layer, name)) return file;
    }
    FAIL(("not in the report: " + name).c_str());
    return loaded.report.files.front();
  }
};

TEST(Load, missing_directories_are_an_empty_policy) {
  CHECK(remove_tree(tree.root()).has_value());
  load();
  CHECK(loaded.policy.rules.empty());
  CHECK(loaded.report.files.empty());
  check_lines("", loaded.report.problems);
}

TEST(Load, a_higher_directory_hides_by_name_and_an_empty_file_masks) {
  tree.write(vendor, "a.toml", complete_file("s", "low"));
  tree.write(admin, "a.toml", complete_file("s", "high"));
  tree.write(vendor, "b.toml", complete_file("t", "other"));
  tree.write(admin, "b.toml", "");
  load();
  STRCMP_EQUAL("a.toml/high ", rules().c_str());
  CHECK(status(vendor, "a.toml").state == PolicyFileState::masked);
  STRCMP_EQUAL(tree.path(admin, "a.toml").c_str(), status(vendor, "a.toml").hidden_by.c_str());
  CHECK(status(vendor, "b.toml").state == PolicyFileState::masked);
  CHECK(status(admin, "b.toml").state == PolicyFileState::masked);
  LONGS_EQUAL(64, status(admin, "a.toml").sha256.size());
  STRCMP_EQUAL(status(admin, "a.toml").sha256.c_str(), status(admin, "a.toml").sha256_in_force.c_str());
}

TEST(Load, a_link_to_dev_null_masks_and_a_link_to_a_file_is_read) {
  tree.write(vendor, "a.toml", complete_file("s", "r"));
  CHECK_EQUAL(0, ::symlink("/dev/null", tree.path(admin, "a.toml").c_str()));
  tree.write(vendor, "elsewhere.txt", complete_file("t", "linked"));
  CHECK_EQUAL(0, ::symlink(tree.path(vendor, "elsewhere.txt").c_str(), tree.path(admin, "b.toml").c_str()));
  load();
  STRCMP_EQUAL("b.toml/linked ", rules().c_str());
}

TEST(Load, the_cluster_cannot_mask_or_link) {
  tree.write(vendor, "a.toml", complete_file("s", "a"));
  tree.write(cluster, "a.toml", "");
  tree.write(vendor, "b.toml", complete_file("t", "b"));
  tree.write(cluster, "b.toml", "# nothing\n");
  CHECK_EQUAL(0, ::symlink("/etc/passwd", tree.path(cluster, "c.toml").c_str()));
  load();
  STRCMP_EQUAL("a.toml/a b.toml/b ", rules().c_str());
  CHECK(status(cluster, "a.toml").state == PolicyFileState::rejected);
  CHECK(status(cluster, "b.toml").state == PolicyFileState::rejected);
  STRCMP_EQUAL("a symbolic link; the cluster's directory may hold only files",
               status(cluster, "c.toml").errors.at(0).text.c_str());
}

TEST(Load, other_names_are_not_read) {
  for (const auto* name : {".a.toml", "a.toml~", "a.toml.bak", "#a.toml#", "a.tom", "toml"})
    tree.write(admin, name, "[");
  load();
  CHECK(loaded.report.files.empty());
}

TEST(Load, strange_files_are_errors_of_their_own_and_nobody_hangs) {
  tree.write(admin, "good.toml", complete_file("s", "r"));
  CHECK_EQUAL(0, ::mkdir(tree.path(admin, "directory.toml").c_str(), 0755));
  CHECK_EQUAL(0, ::mkfifo(tree.path(admin, "fifo.toml").c_str(), 0644));
  tree.write(admin, "huge.toml", std::string(10 * 1024 * 1024, '#'));
  CHECK_EQUAL(0, ::symlink("/nowhere", tree.path(admin, "dangling.toml").c_str()));
  tree.write(admin, "n\xffl.toml", "");
  load();
  STRCMP_EQUAL("good.toml/r ", rules().c_str());
  LONGS_EQUAL(6, loaded.report.files.size());
  const auto text_of = [&](const std::string& name) { return status(admin, name).errors.at(0).describe(); };
  STRCMP_EQUAL((tree.path(admin, "directory.toml") + ": a directory, not a file; move it away or rename it").c_str(),
               text_of("directory.toml").c_str());
  CHECK(contains(text_of("fifo.toml"), "not a regular file"));
  CHECK(contains(text_of("huge.toml"), "larger than 65536 bytes"));
  CHECK(contains(text_of("dangling.toml"), "No such file"));
  CHECK(contains(text_of("n\\xffl.toml"), "not printable ASCII"));
}

TEST(Load, settings_are_the_administrator_s_alone) {
  tree.write(vendor, "schedkit.toml", "foreign = \"replace\"\n");
  load();
  CHECK(!loaded.policy.settings.replace_foreign);
  CHECK(status(vendor, "schedkit.toml").state == PolicyFileState::rejected);
  tree.write(admin, "schedkit.toml", "foreign = \"replace\"\n");
  load();
  CHECK(loaded.policy.settings.replace_foreign);
  tree.write(admin, "schedkit.toml", "foreign = 1\n");
  load();
  CHECK(loaded.policy.settings.replace_foreign);
  tree.write(admin, "schedkit.toml", "");
  load();
  CHECK(loaded.policy.settings == Settings{});
}

TEST(Load, the_last_good_version_stays_also_over_a_restart) {
  tree.write(admin, "a.toml", complete_file("s", "good"));
  load();
  tree.write(admin, "a.toml", "[[rules]\n");
  load();
  STRCMP_EQUAL("a.toml/good ", rules().c_str());
  restart();
  load();
  STRCMP_EQUAL("a.toml/good ", rules().c_str());
  const auto& file = status(admin, "a.toml");
  CHECK(file.state == PolicyFileState::last_good);
  CHECK(file.sha256 != file.sha256_in_force);
  LONGS_EQUAL(1, file.errors.size());
  tree.remove(admin, "a.toml");
  load();
  STRCMP_EQUAL("", rules().c_str());
  tree.write(admin, "a.toml", "[[rules]\n");
  load();
  STRCMP_EQUAL("", rules().c_str());
  CHECK(status(admin, "a.toml").state == PolicyFileState::rejected);
}

TEST(Load, a_new_file_with_errors_hides_nothing) {
  tree.write(vendor, "a.toml", complete_file("s", "r"));
  tree.write(admin, "a.toml", "oops");
  load();
  STRCMP_EQUAL("a.toml/r ", rules().c_str());
  CHECK(status(vendor, "a.toml").state == PolicyFileState::loaded);
}

TEST(Load, what_a_file_borrowed_outlives_its_lender) {
  tree.write(vendor, "lender.toml", "[schedulers.s]\nimage = \"oci:/lent:t\"\nmodes.m = [\"--fast\"]\n");
  tree.write(admin, "a.toml", "[[rules]]\nname = \"r\"\nuse = \"s\"\nmode = \"m\"\n");
  load();
  STRCMP_EQUAL("a.toml/r ", rules().c_str());
  tree.remove(vendor, "lender.toml");
  restart();
  load();
  STRCMP_EQUAL("a.toml/r ", rules().c_str());
  STRCMP_EQUAL("oci:/lent:t", loaded.policy.rules[0].use.scheduler->image.c_str());
  CHECK(loaded.policy.rules[0].use.args == std::vector<std::string>{"--fast"});
  CHECK(status(admin, "a.toml").state == PolicyFileState::last_good);
  CHECK(contains(status(admin, "a.toml").errors.at(0).text, "no policy file defines [schedulers.s]"));
}

TEST(Load, a_file_that_only_conflicts_stays_in_force) {
  tree.write(admin, "b.toml", complete_file("s", "b"));
  load();
  tree.write(admin, "a.toml", complete_file("s", "a"));
  load();
  STRCMP_EQUAL("a.toml/a b.toml/b ", rules().c_str());
  CHECK(status(admin, "a.toml").state == PolicyFileState::loaded);
  CHECK(status(admin, "b.toml").state == PolicyFileState::last_good);
  CHECK(contains(status(admin, "b.toml").errors.at(0).text, "already defined"));
}

TEST(Load, damaged_copies_are_told_and_not_used) {
  tree.write(admin, "a.toml", complete_file("s", "r"));
  load();
  const auto copy = tree.directories.last_good + "/admin/a.toml";
  CHECK(write_file_atomic(copy, "schedkit-last-good 1 9999 0\nx").has_value());
  tree.write(admin, "a.toml", "oops");
  std::vector<Error> problems;
  kept = LastGood::open(tree.directories.last_good, problems);
  LONGS_EQUAL(1, problems.size());
  STRCMP_EQUAL(copy.c_str(), problems[0].where.file.c_str());
  load();
  STRCMP_EQUAL("", rules().c_str());
}

TEST(Load, a_directory_that_cannot_be_listed_keeps_its_files) {
  tree.write(vendor, "a.toml", complete_file("s", "r"));
  load();
  CHECK(remove_tree(tree.directories.vendor).has_value());
  CHECK(write_file_atomic(tree.directories.vendor, "a file").has_value());
  load();
  STRCMP_EQUAL("a.toml/r ", rules().c_str());
  CHECK(status(vendor, "a.toml").state == PolicyFileState::last_good);
  LONGS_EQUAL(1, loaded.report.problems.size());
}

TEST(Load, copies_that_cannot_be_written_are_a_problem_and_no_obstacle) {
  CHECK(make_directories(tree.root() + "/var/lib/schedkit").has_value());
  CHECK(write_file_atomic(tree.directories.last_good, "a file").has_value());
  kept = LastGood();
  std::vector<Error> problems;
  kept = LastGood::open(tree.directories.last_good, problems);
  tree.write(admin, "a.toml", complete_file("s", "r"));
  load();
  STRCMP_EQUAL("a.toml/r ", rules().c_str());
  LONGS_EQUAL(1, loaded.report.problems.size());
  CHECK(contains(loaded.report.problems[0].text, "last good version: "));
}
