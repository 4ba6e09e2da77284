#include "core/image/push_plan.h"

#include <unistd.h>

#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";

}  // namespace

TEST_GROUP(PushPlan) {
  TempTree tree;
  LayoutWriter writer{tree.at("layout")};

  Result<PushPlan> plan(const std::string& tag) {
    auto layout = Layout::open(tree.at("layout"));
    CHECK(layout.has_value());
    auto top = layout->find(*parse_reference("oci:" + tree.at("layout") + ":" + tag), host_platform());
    CHECK(top.has_value());
    return plan_push(*layout, *top, {});
  }
  std::string size_of(const std::string& digest) { return std::to_string(read(writer.blob_path(digest)).size()); }
  std::string entry(const std::string& digest, const std::string& type, const std::string& extra = "") {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" + size_of(digest) + extra + "}";
  }
};

TEST(PushPlan, blobs_each_once_then_the_manifest) {
  const std::string layer = Tar().file("scx", "x").done();
  const std::string digest = writer.image("v1", {layer, layer});
  const auto got = plan("v1");
  CHECK_TEXT(got.has_value(), got ? "" : got.error().text.c_str());
  LONGS_EQUAL(2, got->blobs.size());  // the config and one layer
  LONGS_EQUAL(1, got->manifests.size());
  STRCMP_EQUAL(digest.c_str(), got->manifests[0].descriptor.digest.to_string().c_str());
  CHECK(got->manifests[0].bytes == read(writer.blob_path(digest)));
}

TEST(PushPlan, all_platforms_and_attestations_before_their_index) {
  const std::string image = writer.image("v1", {Tar().file("scx", "x").done()});
  const std::string statement = writer.blob("{}", "application/vnd.in-toto+json");
  const std::string empty = writer.blob("{ }", "application/vnd.oci.empty.v1+json");
  const std::string artifact = R"({"schemaVersion":2,"mediaType":")" + std::string(manifest_type) + R"(","config":)" +
                               empty + R"(,"layers":[)" + statement + "]}";
  writer.blob(artifact, manifest_type);
  const std::string index = R"({"schemaVersion":2,"mediaType":")" + std::string(index_type) + R"(","manifests":[)" +
                            entry(image, manifest_type) + "," + entry(digest_text(artifact), manifest_type) + "]}";
  writer.blob(index, index_type);
  writer.index(entry(digest_text(index), index_type, R"(,"annotations":{"org.opencontainers.image.ref.name":"both"})"));
  const auto got = plan("both");
  CHECK_TEXT(got.has_value(), got ? "" : got.error().text.c_str());
  LONGS_EQUAL(3, got->manifests.size());
  STRCMP_EQUAL(digest_text(index).c_str(), got->manifests[2].descriptor.digest.to_string().c_str());
  LONGS_EQUAL(4, got->blobs.size());
}

TEST(PushPlan, nothing_is_sent_of_what_is_damaged) {
  const std::string layer = Tar().file("scx", "x").done();
  writer.image("v1", {layer});
  const std::string path = writer.blob_path(digest_text(gzip(layer)));
  const std::string good = read(path);
  write(path, good + "x");
  CHECK(plan("v1").error().code == Errc::integrity);
  std::string other = good;
  other[20] ^= 1;
  write(path, other);
  CHECK(plan("v1").error().code == Errc::integrity);
  CHECK_EQUAL(0, ::unlink(path.c_str()));
  CHECK(plan("v1").error().code == Errc::not_found);
  CHECK_EQUAL(0, ::symlink("/etc/passwd", path.c_str()));
  STRCMP_CONTAINS("leads out", plan("v1").error().text.c_str());
}
