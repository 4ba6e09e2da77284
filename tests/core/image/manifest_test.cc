#include "core/image/manifest.h"

#include <csignal>

#include "core/image/json.h"
#include "core/image/runnable.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

const ImageLimits limits;
const std::string digest = "sha256:" + std::string(64, 'b');
constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";

std::string descriptor(const std::string& type, const std::string& extra = "", const std::string& size = "10") {
  return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" + size + extra + "}";
}

std::string manifest(const std::string& layers, const std::string& extra = "") {
  return R"({"schemaVersion":2,"config":)" + descriptor("application/vnd.oci.image.config.v1+json") + R"(,"layers":[)" +
         layers + "]" + extra + "}";
}

const std::string layer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip");

void refuses(const std::string& text, std::string_view type, const std::string& words) {
  auto document = parse_document(text, type, limits);
  CHECK_FALSE(document.has_value());
  STRCMP_CONTAINS(words.c_str(), document.error().text.c_str());
}

Descriptor entry(const std::string& os, const std::string& architecture, const std::string& variant, std::uint64_t id) {
  Descriptor made;
  made.media_type = manifest_type;
  made.size = id;
  made.platform = Platform{os, architecture, variant};
  return made;
}

}  // namespace

TEST_GROUP(Json){};

TEST(Json, refuses_what_two_parsers_could_read_differently) {
  CHECK(parse_json(R"({"a":{"b":1},"c":{"b":2}})", 100).has_value());
  STRCMP_CONTAINS("twice", parse_json(R"({"a":{"b":1,"b":2}})", 100).error().text.c_str());
  STRCMP_CONTAINS("twice", parse_json(R"({"a":1,"\u0061":2})", 100).error().text.c_str());
  for (const char* text : {"{\"a\":\"\xff\"}", "\xef\xbb\xbf{}", "{} {}", "{\"a\":1,}", "", "{'a':1}", "{\"a\":NaN}"}) {
    CHECK_FALSE(parse_json(text, 100).has_value());
  }
}

TEST(Json, limits_depth_and_size) {
  CHECK(parse_json(std::string(16, '[') + std::string(16, ']'), 100).has_value());
  STRCMP_CONTAINS("deeper", parse_json(std::string(17, '[') + std::string(17, ']'), 100).error().text.c_str());
  STRCMP_CONTAINS("deeper", parse_json(std::string(90, '['), 100).error().text.c_str());
  CHECK(parse_json("[1,2,3]", 6).error().code == Errc::limit);
}

TEST_GROUP(Manifest){};

TEST(Manifest, reads_both_kinds) {
  auto document = parse_document(manifest(layer, R"(,"annotations":{"k":"v"})"), manifest_type, limits);
  CHECK(document.has_value());
  const auto& read = std::get<Manifest>(*document);
  CHECK_EQUAL(1u, read.layers.size());
  STRCMP_EQUAL("v", read.annotations.at("k").c_str());
  auto index = parse_document(R"({"schemaVersion":2,"manifests":[)" + descriptor(manifest_type) + "]}", "", limits);
  CHECK(index.has_value());
  CHECK_EQUAL(1u, std::get<Index>(*index).manifests.size());
}

TEST(Manifest, refuses_confusion_of_kinds) {
  refuses(manifest(layer, R"(,"manifests":[])"), manifest_type, "one kind");
  refuses(manifest(layer), index_type, "not of its type");
  refuses(R"({"schemaVersion":2,"manifests":[]})", manifest_type, "");
  refuses(manifest(layer, std::string(R"(,"mediaType":")") + index_type + "\""), manifest_type, "announced");
  refuses(manifest(layer, std::string(R"(,"mediaType":")") + index_type + "\""), "", "not of its type");
}

TEST(Manifest, refuses_other_versions_types_and_sizes) {
  refuses(R"({"schemaVersion":1,"fsLayers":[]})", "", "schemaVersion");
  refuses(R"({"manifests":[]})", "", "schemaVersion");
  refuses(manifest(descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar")), manifest_type,
          "not supported");
  refuses(manifest(descriptor("application/vnd.oci.image.layer.v1.tar", "", "-1")), manifest_type, "size");
  refuses(manifest(descriptor("application/vnd.oci.image.layer.v1.tar", "", "1.5")), manifest_type, "size");
  refuses(manifest(descriptor("application/vnd.oci.image.layer.v1.tar", "", "2000000000")), manifest_type, "larger");
  refuses(R"({"schemaVersion":2,"config":)" + descriptor("application/vnd.oci.empty.v1+json") + R"(,"layers":[]})",
          manifest_type, "artifact");
  std::string many = layer;
  for (int i = 0; i < 128; ++i) many += "," + layer;
  refuses(manifest(many), manifest_type, "129 layers");
}

TEST(Manifest, config_needs_layers_and_platform) {
  const std::string rootfs = R"("rootfs":{"type":"layers","diff_ids":[")" + digest + R"("]})";
  auto config = parse_config(
      R"({"os":"linux","architecture":"arm64","config":{"Cmd":null,"Env":["A=b"]},)" + rootfs + "}", limits);
  CHECK(config.has_value());
  CHECK_EQUAL(1u, config->diff_ids.size());
  CHECK_FALSE(parse_config("{" + rootfs + "}", limits).has_value());
  CHECK_FALSE(
      parse_config(R"({"os":"linux","architecture":"a","rootfs":{"type":"x","diff_ids":[]}})", limits).has_value());
  CHECK_FALSE(
      parse_config(R"({"os":"linux","architecture":"a","config":{"Cmd":"sh"},)" + rootfs + "}", limits).has_value());
}

TEST(Manifest, chooses_the_best_platform) {
  const Platform host{"linux", "amd64", "v3"};
  Descriptor attestation = entry("unknown", "unknown", "", 9);
  auto chosen = choose_entry(
      {attestation, entry("linux", "arm64", "", 1), entry("linux", "amd64", "", 2), entry("linux", "amd64", "v3", 3),
       entry("linux", "amd64", "v3", 4), entry("linux", "amd64", "v4", 5)},
      host);
  CHECK(chosen.has_value());
  CHECK_EQUAL(3u, chosen->size);
  auto none = choose_entry({attestation, entry("linux", "s390x", "", 1), entry("windows", "amd64", "", 2)}, host);
  CHECK(none.error().code == Errc::unsupported);
  STRCMP_CONTAINS("linux/s390x", none.error().text.c_str());
  STRCMP_CONTAINS("linux/amd64/v3", none.error().text.c_str());
}

TEST(Manifest, machines_have_go_names) {
  STRCMP_EQUAL("linux/amd64", platform_of_machine("x86_64").to_string().c_str());
  STRCMP_EQUAL("linux/arm/v7", platform_of_machine("armv7l").to_string().c_str());
  STRCMP_EQUAL("linux/riscv64", platform_of_machine("riscv64").to_string().c_str());
  CHECK(platform_rank({"linux", "arm", "v6"}, {"linux", "arm", "v7"}) > 0);
  CHECK(platform_rank({"linux", "arm64", ""}, {"linux", "arm64", ""}) > 0);
  CHECK(platform_rank({"linux", "amd64", "x"}, {"linux", "amd64", "v3"}) < 0);
}

TEST_GROUP(Runnable) {
  ImageConfig config;
  void setup() override { config.entrypoint = {"/scx"}; }
  void refuses(const char* words) {
    auto image = make_runnable(config, {});
    CHECK_FALSE(image.has_value());
    STRCMP_CONTAINS(words, image.error().text.c_str());
  }
};

TEST(Runnable, takes_config_over_annotations) {
  config.labels = {{"a", "config"}};
  config.stop_signal = "SIGINT";
  auto image = make_runnable(config, {{"a", "annotation"}, {"b", "annotation"}});
  CHECK(image.has_value());
  STRCMP_EQUAL("config", image->labels.at("a").c_str());
  STRCMP_EQUAL("annotation", image->labels.at("b").c_str());
  STRCMP_EQUAL("/", image->working_directory.c_str());
  CHECK_EQUAL(SIGINT, image->stop_signal);
}

TEST(Runnable, refuses_what_cannot_run) {
  config.user = "nobody";
  refuses("User");
  config.user = "root:root";
  config.working_directory = "tmp";
  refuses("WorkingDir");
  config.working_directory = "/proc/self/fd/7";  // CVE-2024-21626
  refuses("WorkingDir");
  config.working_directory = "";
  config.stop_signal = "SIGNOTHING";
  refuses("StopSignal");
  config.stop_signal = "";
  config.env = {"novalue"};
  refuses("Env");
  config.env = {};
  config.entrypoint = {};
  refuses("nothing to run");
}

TEST(Runnable, knows_signals) {
  CHECK_EQUAL(SIGTERM, *parse_signal("TERM"));
  CHECK_EQUAL(9, *parse_signal("9"));
  CHECK_EQUAL(SIGRTMIN + 3, *parse_signal("SIGRTMIN+3"));
  CHECK_FALSE(parse_signal("0").has_value() || parse_signal("65").has_value() || parse_signal("RTMIN+99").has_value());
}

TEST(Runnable, enforces_the_kernel_floor) {
  RunnableImage image;
  CHECK(require_kernel(image, "6.1.0").has_value());
  image.labels["org.schedkit.scheduler.kernel.min-version"] = "6.12";
  CHECK(require_kernel(image, "6.12.0-amd64").has_value());
  CHECK(require_kernel(image, "7.0").has_value());
  CHECK(require_kernel(image, "6.2.99").error().code == Errc::unsupported);
  image.labels["org.schedkit.scheduler.kernel.min-version"] = "new";
  CHECK(require_kernel(image, "7.0").error().code == Errc::invalid);
}
