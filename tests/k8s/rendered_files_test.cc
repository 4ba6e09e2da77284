#include "k8s/rendered_files.h"

#include <unistd.h>

#include <filesystem>

#include "core/base/file.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(RenderedFiles) {
  std::string directory;
  std::string text;

  void setup() override {
    char path[] = "/tmp/schedkit-k8s-XXXXXX";
    directory = ::mkdtemp(path);
    text = render(policy_of(sched_policy("  default: {builtin: kernel}\n")), {})->text;
  }
  void teardown() override {
    CHECK(remove_tree(directory).has_value());
    directory = text = {};
  }
};

TEST(RenderedFiles, written_once_listed_and_removed) {
  const RenderedFiles files(directory);
  CHECK(*files.write("k8s-games.toml", text));
  CHECK_FALSE(*files.write("k8s-games.toml", text));
  const auto list = files.list();
  CHECK_EQUAL(1, list->size());
  STRCMP_EQUAL("u-1", list->at("k8s-games.toml").source.uid.c_str());
  CHECK_EQUAL(3, list->at("k8s-games.toml").source.generation);
  CHECK(*files.remove("k8s-games.toml"));
  CHECK_FALSE(*files.remove("k8s-games.toml"));
}

TEST(RenderedFiles, what_others_wrote_is_not_touched) {
  const RenderedFiles files(directory);
  const auto path = directory + "/k8s-games.toml";
  CHECK(write_file_atomic(path, "# mine\n").has_value());
  CHECK(files.write("k8s-games.toml", text).error().code == Errc::exists);
  CHECK(files.remove("k8s-games.toml").error().code == Errc::exists);
  CHECK(files.list()->empty());
  STRCMP_EQUAL("# mine\n", read_file(path, 100)->c_str());
}

TEST(RenderedFiles, without_the_directory) {
  CHECK(RenderedFiles(directory + "/none").list().error().code == Errc::not_found);
  CHECK_FALSE(RenderedFiles(directory + "/none").write("k8s-a.toml", text).has_value());
}
