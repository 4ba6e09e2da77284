#include "config/registries.h"

#include <filesystem>
#include <fstream>

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Registries){std::string error_of(const std::string& text){const auto rules = parse_registries(text, "r");
return rules ? "" : rules.error().describe();
}
}
;

TEST(Registries, the_subset_that_counts) {
  const auto rules = parse_registries(R"(
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "a.test"
insecure = true
[[registry]]
prefix = "b.test/team"
location = "c.test/x"
blocked = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.test"
insecure = true
[[registry]]
prefix = "*.corp.test"
[[registry.mirror]]
location = "n.test"
pull-from-mirror = "tag-only"
)",
                                      "r");
  CHECK_TEXT(rules.has_value(), rules ? "" : rules.error().text.c_str());
  LONGS_EQUAL(3, rules->size());
  CHECK((*rules)[0].prefix == "a.test" && (*rules)[0].location == "a.test" && (*rules)[0].insecure);
  CHECK((*rules)[1].blocked && (*rules)[1].location == "c.test/x");
  CHECK(((*rules)[1].mirrors[0] == RegistryMirror{"m.test", true, RegistryMirror::Use::digest_only}));
  CHECK((*rules)[2].location.empty() && (*rules)[2].mirrors[0].use == RegistryMirror::Use::tag_only);
}

TEST(Registries, errors_have_their_place) {
  STRCMP_CONTAINS("r:2:", error_of("[[registry]]\nlocation = 3\n").c_str());
  STRCMP_CONTAINS("r:1:", error_of("[[registry]]\ninsecure = true\n").c_str());
  STRCMP_CONTAINS("r:1:", error_of("[[registry]]\nlocation = \"https://a.test\"\n").c_str());
  STRCMP_CONTAINS("names hosts only", error_of("[[registry]]\nprefix = \"*.a.test/x\"\n").c_str());
  STRCMP_CONTAINS("all, digest-only or tag-only",
                  error_of("[[registry]]\nlocation = \"a.test\"\n[[registry.mirror]]\nlocation = "
                           "\"b.test\"\npull-from-mirror = \"never\"\n")
                      .c_str());
  CHECK_FALSE(error_of("[registries.search]\nregistries = [\"a\"]\n").empty());  // version 1
}

TEST(Registries, drop_ins_replace_by_prefix_in_the_order_of_names) {
  namespace fs = std::filesystem;
  std::string path = fs::temp_directory_path() / "registries-XXXXXX";
  CHECK(::mkdtemp(path.data()) != nullptr);
  fs::create_directory(path + "/d");
  const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(path + name) << text; };
  write("/main", "[[registry]]\nlocation = \"a.test\"\n[[registry]]\nlocation = \"b.test\"\n");
  write("/d/20.conf", "[[registry]]\nlocation = \"a.test\"\nblocked = true\n");
  write("/d/10.conf", "[[registry]]\nlocation = \"a.test\"\ninsecure = true\n");
  write("/d/30.conf.off", "nonsense");
  const auto rules = load_registries(path + "/main", path + "/d");
  const auto none = load_registries(path + "/missing", path + "/missing.d");
  write("/d/40.conf", "nonsense");
  const auto broken = load_registries(path + "/main", path + "/d");
  fs::remove_all(path);
  CHECK(rules && rules->size() == 2);
  for (const auto& rule : *rules) CHECK_EQUAL(rule.prefix == "a.test", rule.blocked && !rule.insecure);
  CHECK(none && none->empty());
  CHECK(!broken && broken.error().describe().find("40.conf:1") != std::string::npos);
}
