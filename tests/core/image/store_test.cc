#include "core/image/store.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/file.h"
#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace fs = std::filesystem;

TEST_GROUP(Store) {
  TempTree tree;
  LayoutWriter layout{tree.at("layout")};
  StoreOptions options;
  const std::string tar = Tar().file("scx", "program", 0755).done();

  void setup() override {
    options.root = tree.at("store");
    options.open_layout = [](const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); };
  }

  Result<RunnableImage> prepare(const std::string& suffix = ":v1") {
    auto store = Store::open(options);
    CHECK(store.has_value());
    return store->prepare(*parse_reference("oci:" + tree.at("layout") + suffix));
  }

  RunnableImage accepts(const std::string& suffix = ":v1") {
    auto image = prepare(suffix);
    if (!image) FAIL(image.error().text.c_str());
    return *image;
  }

  // Refused, and the store holds no image and no staging.
  void refuses(Errc code, const std::string& words, const std::string& suffix = ":v1") {
    auto image = prepare(suffix);
    CHECK_FALSE(image.has_value());
    STRCMP_CONTAINS(words.c_str(), image.error().text.c_str());
    STRCMP_EQUAL(std::string(to_string(code)).c_str(), std::string(to_string(image.error().code)).c_str());
    CHECK(fs::is_empty(tree.at("store/tmp")));
    CHECK(fs::is_empty(tree.at("store/rootfs")));
    CHECK_FALSE(exists(tree.at("store/refs.json")));
  }

  std::string entry(const std::string& manifest, const std::string& type = "application/vnd.oci.image.manifest.v1+json",
                    const std::string& extra = "") {
    return layout.blob(manifest, type, extra + R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})");
  }
};

TEST(Store, makes_an_image_runnable) {
  layout.config_extra = R"("Entrypoint":["/scx"],"Cmd":["-v"],"Env":["A=b"],"StopSignal":"SIGINT","Labels":{"k":"v"})";
  const std::string digest = layout.image("v1", {tar});
  const RunnableImage image = accepts();
  STRCMP_EQUAL(digest.c_str(), image.digest.c_str());
  STRCMP_EQUAL(("oci:" + tree.at("layout") + ":v1").c_str(), image.reference.c_str());
  STRCMP_EQUAL("program", read(image.rootfs + "/scx").c_str());
  STRCMP_EQUAL("/scx", image.entrypoint.at(0).c_str());
  STRCMP_EQUAL("-v", image.command.at(0).c_str());
  STRCMP_EQUAL("v", image.labels.at("k").c_str());
  CHECK_EQUAL(2, image.stop_signal);
  CHECK(fs::is_empty(tree.at("store/tmp")));
  struct stat status {};
  CHECK_EQUAL(0, ::stat(tree.at("store").c_str(), &status));
  CHECK_EQUAL(0700, status.st_mode & 07777);
}

TEST(Store, a_second_time_is_a_hit_without_the_blobs) {
  layout.image("v1", {tar});
  const RunnableImage first = accepts();
  fs::remove_all(tree.at("layout/blobs"));
  CHECK(first == accepts());
}

TEST(Store, needs_no_layout_once_unpacked) {
  layout.image("v1", {tar});
  const RunnableImage first = accepts();
  fs::remove_all(tree.at("layout"));
  CHECK(first == accepts());
  CHECK(prepare(":other").error().code == Errc::not_found);
}

TEST(Store, sees_that_a_tag_moved) {
  layout.image("v1", {tar});
  const RunnableImage first = accepts();
  layout.image("v1", {Tar().file("scx", "newer", 0755).done()});
  const RunnableImage second = accepts();
  CHECK(first.digest != second.digest);
  STRCMP_EQUAL("newer", read(second.rootfs + "/scx").c_str());
  STRCMP_EQUAL("program", read(first.rootfs + "/scx").c_str());
}

TEST(Store, finds_an_image_by_digest_and_without_a_tag) {
  const std::string digest = layout.image("v1", {tar});
  STRCMP_EQUAL(digest.c_str(), accepts("@" + digest).digest.c_str());
  STRCMP_EQUAL(digest.c_str(), accepts("").digest.c_str());
  layout.image("v2", {tar, tar});
  CHECK(prepare("").error().code == Errc::invalid);
}

TEST(Store, rebuilds_a_half_directory) {
  layout.image("v1", {tar});
  const RunnableImage first = accepts();
  fs::remove_all(first.rootfs);
  CHECK(first == accepts());
  STRCMP_EQUAL("program", read(first.rootfs + "/scx").c_str());
  write(fs::path(first.rootfs).parent_path().string() + "/meta.json", "{}");
  CHECK(first == accepts());
  CHECK(fs::is_empty(tree.at("store/tmp")));
}

TEST(Store, removes_leftovers_when_opened) {
  fs::create_directories(tree.at("store/tmp/abandoned/rootfs/x"));
  CHECK(Store::open(options).has_value());
  CHECK(fs::is_empty(tree.at("store/tmp")));
}

TEST(Store, damaged_refs_are_found_again) {
  layout.image("v1", {tar});
  const RunnableImage first = accepts();
  write(tree.at("store/refs.json"), "{broken");
  CHECK(first == accepts());
}

TEST(Store, refuses_a_blob_with_another_digest) {
  layout.image("v1", {tar});
  const std::string path = layout.blob_path(digest_text(gzip(tar)));
  std::string bytes = read(path);
  bytes[4] = static_cast<char>(bytes[4] ^ 1);  // gzip's time field: still inflates to the same
  write(path, bytes);
  refuses(Errc::integrity, "has digest");
}

TEST(Store, refuses_a_blob_of_another_size) {
  layout.image("v1", {tar});
  const std::string path = layout.blob_path(digest_text(gzip(tar)));
  write(path, read(path) + gzip(""));
  refuses(Errc::integrity, "larger than");
  std::string bytes = read(path);
  write(path, bytes.substr(0, 10));
  refuses(Errc::integrity, "ends after");
}

TEST(Store, refuses_a_manifest_with_another_digest) {
  const std::string digest = layout.image("v1", {tar});
  std::string text = read(layout.blob_path(digest));
  text[text.size() - 2] = ' ';
  write(layout.blob_path(digest), text);
  refuses(Errc::integrity, "has digest");
}

TEST(Store, refuses_a_wrong_diff_id) {
  layout.diff_ids = {digest_text("something else")};
  layout.image("v1", {tar});
  refuses(Errc::integrity, "the config says");
}

TEST(Store, refuses_layers_that_the_config_does_not_know) {
  layout.diff_ids = {digest_text(tar), digest_text(tar)};
  const std::string two = layout.image("v1", {tar, tar});
  const std::string text = read(layout.blob_path(two));
  const auto comma = text.find("},{\"mediaType\":\"application/vnd.oci.image.layer");
  CHECK(comma != std::string::npos);
  layout.index(entry(text.substr(0, comma + 1) + "]}"));
  refuses(Errc::invalid, "the config names 2 layers");
}

TEST(Store, refuses_a_layer_that_would_escape) {
  layout.image("v1", {Tar().file("ok", "x").file("../../../evil", "x").done()});
  refuses(Errc::invalid, "layer 1: entry \"../../../evil\"");
  CHECK_FALSE(exists(tree.at("evil")) || exists(tree.at("store/evil")));
}

TEST(Store, refuses_another_platform) {
  layout.architecture = "s390x";
  layout.image("v1", {tar});
  refuses(Errc::unsupported, "linux/s390x");
}

TEST(Store, chooses_from_a_nested_index_but_not_a_deeper_one) {
  const std::string index_type = "application/vnd.oci.image.index.v1+json";
  const auto index_of = [](const std::string& inner) { return R"({"schemaVersion":2,"manifests":[)" + inner + "]}"; };
  const std::string digest = layout.image("v1", {tar});
  const std::string manifest =
      layout.blob(read(layout.blob_path(digest)), "application/vnd.oci.image.manifest.v1+json");
  const std::string level1 = layout.blob(index_of(manifest), index_type);
  const std::string level2 = index_of(level1);
  layout.index(entry(index_of(layout.blob(level2, index_type)), index_type));
  refuses(Errc::unsupported, "nested");
  layout.index(entry(level2, index_type));
  STRCMP_EQUAL(digest.c_str(), accepts().digest.c_str());
}

TEST(Store, refuses_index_and_manifest_confusion) {
  const std::string digest = layout.image("v1", {tar});
  std::string text = read(layout.blob_path(digest));
  text.insert(1, R"("manifests":[],)");
  layout.index(entry(text));
  refuses(Errc::invalid, "one kind");
}

TEST(Store, refuses_links_that_leave_the_layout) {
  layout.image("v1", {tar});
  const std::string path = layout.blob_path(digest_text(gzip(tar)));
  fs::rename(path, tree.at("elsewhere"));
  CHECK_EQUAL(0, ::symlink(tree.at("elsewhere").c_str(), path.c_str()));
  refuses(Errc::invalid, "leads out of the layout");
}

TEST(Store, refuses_what_is_no_layout) {
  layout.image("v1", {tar});
  refuses(Errc::not_found, "tags: \"v1\"", ":v2");
  write(tree.at("layout/oci-layout"), R"({"imageLayoutVersion":"2.0.0"})");
  refuses(Errc::unsupported, "2.0.0");
  write(tree.at("layout/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  write(tree.at("layout/index.json"), R"({"schemaVersion":2,"manifests":[],"manifests":[]})");
  refuses(Errc::invalid, "twice");
  fs::remove(tree.at("layout/oci-layout"));
  refuses(Errc::invalid, "not an OCI image layout");
}

TEST(Store, refuses_a_bomb_and_leaves_nothing) {
  options.limits.unpacked_bytes = 100'000;
  layout.image("v1", {Tar().file("big", std::string(200'000, '\0')).done()});
  refuses(Errc::limit, "unpacks to more");
}

TEST(Store, refuses_too_many_layers) {
  options.limits.layers = 2;
  layout.image("v1", {tar, tar, tar});
  refuses(Errc::limit, "3 layers");
}

TEST(Store, says_when_the_disk_is_full) {
  options.free_bytes = [](const std::string&) -> Result<std::uint64_t> { return 100; };
  layout.image("v1", {tar});
  refuses(Errc::limit, "not enough space");
}

TEST(Store, a_disk_that_fills_up_meanwhile_leaves_nothing) {
  fs::create_directory(options.root);
  if (::mount("tmpfs", options.root.c_str(), "tmpfs", 0, "size=256k,mode=0700") != 0) {
    UT_PRINT("needs to mount");
    return;
  }
  struct Unmount {
    const std::string& path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{options.root};
  options.free_bytes = [](const std::string&) -> Result<std::uint64_t> { return 1u << 30; };
  layout.image("v1", {Tar().file("big", std::string(1'000'000, 'x')).done()});
  refuses(Errc::io, "No space left on device");
}

TEST(Store, asks_about_trust_first) {
  options.open_layout = [](const std::string& path) -> Result<UniqueFd> {
    return fail(Errc::denied, "{} is not root's", path);
  };
  layout.image("v1", {tar});
  refuses(Errc::denied, "is not root's");
}

TEST(Store, asks_about_trust_on_a_hit_too) {
  layout.image("v1", {tar});
  accepts();
  options.open_layout = [](const std::string& path) -> Result<UniqueFd> {
    return fail(Errc::denied, "{} is not root's", path);
  };
  CHECK(prepare().error().code == Errc::denied);
}
