#include "config/check_files.h"

#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(CheckFiles) {
  Tree tree;
  std::string given(const std::string& name, const std::string& text) const {
    const auto path = tree.root() + "/" + name;
    CHECK(write_file_atomic(path, text).has_value());
    return path;
  }
};

TEST(CheckFiles, a_good_file_is_silent) {
  const auto report = check_files({given("x.toml", complete_file("s", "r"))}, tree.directories);
  CHECK(report.ok());
  STRCMP_EQUAL("", report.text().c_str());
  LONGS_EQUAL(1, report.report.files.size());
}

TEST(CheckFiles, lines_are_those_of_a_compiler) {
  const auto path = given("x.toml",
                          "[schedulers.s]\nimage = \"oci:/i:t\"\nargs = 1\n"
                          "[[rules]]\nname = \"r\"\nuse = \"kernel\"\nwhen.process = { exe = \"game\" }\n");
  const auto report = check_files({path}, tree.directories);
  CHECK(!report.ok());
  LONGS_EQUAL(1, report.errors());
  LONGS_EQUAL(1, report.warnings());
  const auto expected = fmt::format(
      "{0}:3:8: error: args must be a list of strings, as [\"one\", \"two\"], not an integer\n"
      "{0}:7:24: warning: exe \"game\" matches nothing: paths begin with \"/\"\n",
      path);
  STRCMP_EQUAL(expected.c_str(), report.text().c_str());
}

TEST(CheckFiles, schedulers_of_the_directories_may_be_used) {
  tree.write(PolicyLayer::vendor, "lender.toml", "[schedulers.s]\nimage = \"oci:/i:t\"\n");
  tree.write(PolicyLayer::admin, "broken.toml", "broken");
  const auto report = check_files({given("x.toml", using_file("r", "s"))}, tree.directories);
  STRCMP_EQUAL("", report.text().c_str());
  CHECK(!check_directories(tree.directories).ok());
}

TEST(CheckFiles, a_file_in_a_directory_is_checked_where_it_is) {
  tree.write(PolicyLayer::cluster, "x.toml", complete_file("s", "r"));
  const auto report = check_files({tree.path(PolicyLayer::cluster, "x.toml")}, tree.directories);
  CHECK(contains(report.text(), "x.toml:2:9: error: a file of the cluster cannot use oci: images"));
}

TEST(CheckFiles, files_that_the_daemon_would_not_read) {
  const auto missing = check_files({tree.root() + "/none.toml"}, tree.directories);
  CHECK(contains(missing.text(), "none.toml: error: cannot read the file: No such file or directory"));
  const auto other = check_files({given("x.txt", "")}, tree.directories);
  CHECK(contains(other.text(), "x.txt: error: the daemon reads only files named NAME.toml"));
  const auto path = given("x.toml", "");
  CHECK(contains(check_files({path, path}, tree.directories).text(), "is given twice"));
}
