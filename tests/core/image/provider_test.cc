#include "core/image/provider.h"

#include <fcntl.h>

#include <optional>

#include "core/base/file.h"
#include "core/loop/loop.h"
#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(Provider) {
  TempTree tree;
  LayoutWriter layout{tree.at("layout")};

  Result<RunnableImage> prepare(const std::string& reference, const std::string& release = "6.18.0") {
    StoreOptions options;
    options.root = tree.at("store");
    options.open_layout = [](const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); };
    auto store = Store::open(options);
    CHECK(store.has_value());
    std::optional<Result<RunnableImage>> answer;
    Loop loop;
    LocalImages images(loop, std::move(*store), release);
    images.prepare(reference, [&](Result<RunnableImage> image) { answer = std::move(image); });
    CHECK_FALSE(answer.has_value());
    loop.run();
    CHECK(answer.has_value());
    return *answer;
  }
};

TEST(Provider, prepares_on_the_pool_and_answers_on_the_loop) {
  layout.image("v1", {Tar().file("scx", "x").done()});
  auto image = prepare("oci:" + tree.at("layout") + ":v1");
  if (!image) FAIL(image.error().text.c_str());
  CHECK(exists(image->rootfs + "/scx"));
}

TEST(Provider, reports_errors_the_same_way) {
  CHECK(prepare("not a reference").error().code == Errc::invalid);
  CHECK(prepare("ghcr.io/a/b:1").error().code == Errc::unsupported);
  CHECK(prepare("oci:/nonexistent:1").error().code == Errc::not_found);
}

TEST(Provider, refuses_images_for_newer_kernels) {
  layout.config_extra = R"("Entrypoint":["/scx"],"Labels":{"org.schedkit.scheduler.kernel.min-version":"6.12"})";
  layout.image("v1", {Tar().file("scx", "x").done()});
  CHECK(prepare("oci:" + tree.at("layout") + ":v1", "6.11.9").error().code == Errc::unsupported);
  CHECK(prepare("oci:" + tree.at("layout") + ":v1", "6.12.0").has_value());
}
