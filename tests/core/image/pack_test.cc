#include "core/image/pack.h"

#include <elf.h>
#include <fcntl.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/file.h"
#include "core/image/runnable.h"
#include "core/image/store.h"
#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace {

// Enough of a program for the loader's first look: a header and one segment.
std::string elf(Elf64_Word segment_type) {
  Elf64_Ehdr header{};
  std::ifstream("/proc/self/exe", std::ios::binary).read(reinterpret_cast<char*>(&header), sizeof header);
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = segment_type;
  std::string bytes(sizeof header + sizeof segment, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &segment, sizeof segment);
  return bytes;
}

}  // namespace

TEST_GROUP(Pack) {
  TempTree tree;
  PackRequest request;

  void setup() override {
    write(tree.at("program"), elf(PT_LOAD));
    request.binary = tree.at("program");
    request.name = "schedkit_fifo";
    request.layout = tree.at("layout");
    request.tag = "fifo";
    request.arguments = {"--slice", "5ms"};
    request.labels = {{"org.opencontainers.image.title", "fifo"}};
  }

  void refuses(const char* words) {
    auto packed = pack_image(request);
    CHECK_FALSE(packed.has_value());
    STRCMP_CONTAINS(words, packed.error().text.c_str());
    CHECK_FALSE(exists(tree.at("layout/index.json")));
  }
};

TEST(Pack, makes_what_the_store_can_run) {
  auto digest = pack_image(request);
  if (!digest) FAIL(digest.error().text.c_str());
  StoreOptions options;
  options.root = tree.at("store");
  options.open_layout = [](const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); };
  auto image = Store::open(options)->prepare(*parse_reference("oci:" + tree.at("layout") + ":fifo"));
  if (!image) FAIL(image.error().text.c_str());
  STRCMP_EQUAL(digest->to_string().c_str(), image->digest.c_str());
  STRCMP_EQUAL("/schedkit_fifo", image->entrypoint.at(0).c_str());
  CHECK_EQUAL(2u, image->command.size());
  STRCMP_EQUAL("fifo", image->labels.at("org.opencontainers.image.title").c_str());
  CHECK(read(image->rootfs + "/schedkit_fifo") == elf(PT_LOAD));
}

TEST(Pack, gives_the_same_bytes_again_in_any_order) {
  CHECK(pack_image(request).has_value());
  PackRequest second = request;
  second.tag = "other";
  CHECK(pack_image(second).has_value());
  const std::string index = read(tree.at("layout/index.json"));
  second.layout = request.layout = tree.at("again");
  CHECK(pack_image(second).has_value());
  CHECK(pack_image(request).has_value());
  STRCMP_EQUAL(index.c_str(), read(tree.at("again/index.json")).c_str());
}

TEST(Pack, replaces_a_tag_and_keeps_the_others) {
  CHECK(pack_image(request).has_value());
  PackRequest second = request;
  second.tag = "vtime";
  CHECK(pack_image(second).has_value());
  request.arguments = {};
  auto newer = pack_image(request);
  CHECK(newer.has_value());
  auto layout = Layout::open(request.layout);
  CHECK(layout.has_value());
  CHECK_EQUAL(2u, layout->index().manifests.size());
  auto found = layout->find(*parse_reference("oci:/x:fifo"), host_platform());
  CHECK(found.has_value());
  CHECK(found->digest == *newer);
}

TEST(Pack, refuses_what_could_not_run) {
  write(request.binary, elf(PT_INTERP));
  refuses("-static");
  write(request.binary, "#!/bin/sh\n");
  refuses("not an ELF program");
  write(request.binary, elf(PT_LOAD).substr(0, 80));
  refuses("damaged");
  std::string foreign = elf(PT_LOAD);
  foreign[18] = static_cast<char>(foreign[18] ^ 0x55);
  write(request.binary, foreign);
  refuses("another architecture");
  request.binary = tree.at("missing");
  refuses("missing");
}

TEST(Pack, refuses_bad_names_tags_and_labels) {
  request.name = "../x";
  refuses("name");
  request.name = "proc";
  refuses("directory in the image");
  request.name = "ok";
  request.tag = "a:b";
  refuses("not a tag");
  request.tag = "t";
  request.labels["k"] = "\xff";
  refuses("UTF-8");
}

TEST(Pack, leaves_a_broken_index_alone) {
  std::filesystem::create_directories(request.layout);
  write(request.layout + "/index.json", "{broken");
  auto packed = pack_image(request);
  CHECK_FALSE(packed.has_value());
  STRCMP_CONTAINS("index.json", packed.error().text.c_str());
  STRCMP_EQUAL("{broken", read(request.layout + "/index.json").c_str());
}
