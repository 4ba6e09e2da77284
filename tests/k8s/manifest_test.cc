#include "k8s/manifest.h"
#include "k8s/members.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

std::string error_of(std::string_view text) {
  const auto manifests = read_manifests(text, "m.yaml");
  return manifests ? "accepted" : manifests.error().describe();
}

}  // namespace

TEST_GROUP(Manifest){};

TEST(Manifest, scalars_are_typed_as_kubectl_does) {
  const auto object = object_of(
      "text: on\ntime: 22:30\nquoted: \"12\"\nnumber: 12\nnegative: -3\nreal: 0.5\nyes: true\nnothing: "
      "~\nempty:\nversion: 1.2.3\n");
  STRCMP_EQUAL(
      R"({"empty":null,"negative":-3,"nothing":null,"number":12,"quoted":"12","real":0.5,"text":"on","time":"22:30","version":"1.2.3","yes":true})",
      object.dump().c_str());
}

TEST(Manifest, documents_json_and_lists) {
  const auto manifests = read_manifests(
      "kind: A\n---\n---\n{\"kind\": \"B\"}\n---\nkind: PodList\nitems:\n- kind: C\n- kind: D\n", "m.yaml");
  CHECK(manifests.has_value());
  std::string kinds;
  for (const auto& manifest : *manifests) kinds += text_at(manifest.object, {"kind"});
  STRCMP_EQUAL("ABCD", kinds.c_str());
  CHECK_EQUAL(4, (*manifests)[1].where.line);
}

TEST(Manifest, errors_name_the_place) {
  STRCMP_EQUAL("m.yaml:2:2: \"a\" occurs twice", error_of("{a: 1,\n a: 2}").c_str());
  STRCMP_EQUAL("m.yaml:1:1: a manifest must be a map with apiVersion and kind", error_of("- a\n").c_str());
  STRCMP_CONTAINS("m.yaml:2:", error_of("a: 1\n b: [\n").c_str());
  STRCMP_EQUAL("m.yaml:1:1: the manifest is not UTF-8", error_of("a: \"\\xff\xff\"").c_str());
}

TEST(Manifest, bombs_are_refused) {
  std::string levels = "a: " + std::string(40, '[') + std::string(40, ']');
  STRCMP_CONTAINS("more than 32 levels", error_of(levels).c_str());
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    laughs +=
        fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  STRCMP_CONTAINS("more than 200000 values", error_of(laughs).c_str());
  STRCMP_CONTAINS("larger than 8 MiB", error_of(std::string(largest_manifest + 1, ' ')).c_str());
}
