#include "core/image/images.h"

#include <fcntl.h>

#include <filesystem>
#include <optional>

#include "core/base/file.h"
#include "core/image/trust_admission.h"
#include "tests/core/image/fake_remote.h"
#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace fs = std::filesystem;

namespace {

const std::string name = "registry.test/scx:v1";

// What gzip cannot shrink.
std::string noise(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed;
  for (char& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace

TEST_GROUP(Images) {
  TempTree tree;
  LayoutWriter layout{tree.at("registry")};
  Loop loop;
  fakes::FakeClock clock;
  FakeRemote remote{loop, tree.at("registry")};
  std::shared_ptr<FakeAdmission> admission = std::make_shared<FakeAdmission>(loop);
  std::unique_ptr<Images> images;
  std::string release = "6.18.0";

  // Timers follow the real clock; from here on it stands still, so that only tick() does what is due.
  void setup() override {
    clock.advance(SystemClock().now() - clock.now());
    reopen();
  }

  void teardown() override {
    images.reset();
    while (loop.run_once(false)) {
    }
    LONGS_EQUAL(0, remote.open);
    CHECK(fs::is_empty(tree.at("store/tmp")));
  }

  // As a daemon that was restarted.
  void reopen() {
    images.reset();
    StoreOptions options;
    options.root = tree.at("store");
    options.open_layout = [](const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); };
    auto store = Store::open(options);
    if (!store) FAIL(store.error().text.c_str());
    images = std::make_unique<Images>(Images::Parts{loop, clock, remote, admission}, std::move(*store),
                                      Images::Options{.kernel_release = release});
  }

  template <class T>
  T await(std::optional<T> & answer) {
    while (!answer) {
      const bool more = loop.run_once(true);
      CHECK(more || answer);
    }
    return *answer;
  }

  Result<RunnableImage> prepare(const std::string& reference = name) {
    std::optional<Result<RunnableImage>> answer;
    images->prepare(reference, [&](Result<RunnableImage> image) { answer = std::move(image); });
    CHECK_FALSE(answer.has_value());
    return await(answer);
  }

  Result<RunnableImage> pull(const std::string& reference = name, PullOptions options = {}) {
    std::optional<Result<RunnableImage>> answer;
    const auto job =
        images->pull(reference, options, {.on_done = [&](Result<RunnableImage> image) { answer = image; }});
    return await(answer);
  }

  RunnableImage accepts(const Result<RunnableImage>& image) {
    if (!image) FAIL(image.error().text.c_str());
    return *image;
  }

  std::vector<ImageStatus> list() {
    std::optional<Result<std::vector<ImageStatus>>> answer;
    images->list([&](Result<std::vector<ImageStatus>> found) { answer = std::move(found); });
    auto found = await(answer);
    if (!found) FAIL(found.error().text.c_str());
    return *found;
  }

  void verifies() {
    std::optional<Result<std::vector<std::string>>> answer;
    images->verify([&](Result<std::vector<std::string>> found) { answer = std::move(found); });
    auto found = await(answer);
    if (!found) FAIL(found.error().text.c_str());
    for (const auto& problem : *found) FAIL(problem.c_str());
  }

  // From here on images are judged by a trust policy, at first by none.
  std::shared_ptr<TrustAdmission> judge_by(Store store) {
    auto trust = std::make_shared<TrustAdmission>(
        loop, clock, remote,
        [](const std::string& path) -> Result<TrustPolicy> { return fail(Errc::not_found, "{}", path); });
    images = std::make_unique<Images>(Images::Parts{loop, clock, remote, trust}, std::move(store),
                                      Images::Options{.kernel_release = release});
    return trust;
  }

  Result<TrustVerdict> ask_verdict(const std::string& reference) {
    std::optional<Result<TrustVerdict>> answer;
    images->verify_trust(reference, {}, [&](Result<TrustVerdict> found) { answer = std::move(found); });
    return await(answer);
  }

  std::string verdict(bool trusted, const std::string& reference = name) {
    const auto answer = ask_verdict(reference);
    if (!answer) FAIL(answer.error().text.c_str());
    CHECK(answer->trusted == trusted);
    return answer->report;
  }

  void refuses_to_start(Errc code, const std::string& words) {
    const auto image = prepare();
    CHECK_FALSE(image.has_value());
    STRCMP_CONTAINS(words.c_str(), image.error().text.c_str());
    CHECK(image.error().code == code);
  }

  // The first `size` bytes of `blob` as somebody's staging directory who was killed.
  void left_behind(const std::string& blob, std::size_t size, std::string digest = "") {
    if (digest.empty()) digest = digest_text(blob);
    images.reset();
    fs::create_directories(tree.at("store/tmp/killed/blobs"));
    write(tree.at("store/tmp/killed/blobs/sha256-") + digest.substr(7), blob.substr(0, size));
  }

  // Refused, and nothing is left.
  void refuses(const Result<RunnableImage>& image, Errc code, const std::string& words) {
    CHECK_FALSE(image.has_value());
    STRCMP_CONTAINS(words.c_str(), image.error().text.c_str());
    CHECK(code == image.error().code);
    while (!fs::is_empty(tree.at("store/tmp"))) loop.run_once(true);
    CHECK(fs::is_empty(tree.at("store/rootfs")));
    CHECK(fs::is_empty(tree.at("store/store/blobs/sha256")));
    LONGS_EQUAL(0, list().size());
  }
};

TEST(Images, pulls_what_the_store_lacks_and_then_needs_no_network) {
  const std::string big = noise(3'000'000);
  const std::string digest = layout.image(
      "v1", {Tar().file("a", big).file("gone", "x").done(), Tar().file("scx", "program").file(".wh.gone", "").done(),
             Tar().file("b", noise(500'000, 2)).done()});
  const RunnableImage image = accepts(prepare());
  STRCMP_EQUAL(digest.c_str(), image.digest.c_str());
  STRCMP_EQUAL(name.c_str(), image.reference.c_str());
  CHECK(big == read(image.rootfs + "/a"));
  STRCMP_EQUAL("program", read(image.rootfs + "/scx").c_str());
  CHECK_FALSE(exists(image.rootfs + "/gone"));
  CHECK(exists(image.rootfs + "/b"));
  verifies();
  const auto kept = list();
  LONGS_EQUAL(1, kept.size());
  CHECK(kept[0].current && kept[0].unpacked > 3'000'000 && kept[0].blobs > 3'000'000);

  reopen();
  remote.down = Error{Errc::io, "no network"};
  const int before = remote.manifests;
  CHECK(image == accepts(prepare()));
  LONGS_EQUAL(before, remote.manifests);
}

TEST(Images, takes_the_platforms_manifest_from_an_index) {
  const std::string digest = layout.image("v1", {Tar().file("scx", "x").done()});
  const std::string manifest = read(layout.blob_path(digest));
  const std::string index =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
                  R"({{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{}","size":7,)"
                  R"("platform":{{"os":"linux","architecture":"s390x"}}}},)"
                  R"({{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{},)"
                  R"("platform":{{"os":"linux","architecture":"{}"}}}}]}})",
                  std::string(64, 'a'), digest, manifest.size(), host_platform().architecture);
  layout.index(layout.blob(index, "application/vnd.oci.image.index.v1+json",
                           R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})"));
  STRCMP_EQUAL(digest.c_str(), accepts(prepare()).digest.c_str());
  remote.down = Error{Errc::io, "no network"};
  STRCMP_EQUAL(digest.c_str(), accepts(prepare("registry.test/scx@" + digest_text(index))).digest.c_str());
  STRCMP_EQUAL(digest.c_str(), accepts(prepare("registry.test/scx:v1@" + digest)).digest.c_str());
  verifies();
}

TEST(Images, asks_for_admission_before_layers_and_again_before_each_start) {
  layout.image("v1", {Tar().file("scx", "x").done()});
  admission->trusting = false;
  refuses(prepare(), Errc::denied, "not trusted");
  LONGS_EQUAL(0, remote.blobs);
  admission->trusting = true;
  accepts(prepare());
  admission->trusting = false;
  CHECK(prepare().error().code == Errc::denied);
}

TEST(Images, admits_nothing_by_itself) {
  layout.image("v1", {Tar().file("scx", "x").done()});
  auto store = Store::open({.root = tree.at("store")});
  judge_by(std::move(*store));
  refuses(prepare(), Errc::denied, "no trust policy is loaded; `schedctl pull --allow-unsigned` takes it");
  accepts(pull(name, {.allow_unsigned = true}));
  accepts(prepare());
  STRCMP_CONTAINS("\"requirement\": \"allow-unsigned\"", verdict(true).c_str());
}

TEST(Images, evidence_that_was_changed_is_refused_without_network_and_what_is_gone_is_asked_for_anew) {
  const std::string digest = layout.image("v1", {Tar().file("scx", "x").done()});
  judge_by(std::move(*Store::open({.root = tree.at("store")})));
  accepts(pull(name, {.allow_unsigned = true}));
  const std::string file = fs::directory_iterator(tree.at("store/evidence"))->path();
  const std::string evidence = read(file);
  const int before = remote.manifests;
  write(file, evidence.substr(0, evidence.size() / 2));
  refuses_to_start(Errc::integrity, name + ": what was kept of its admission is damaged");
  write(file, std::string(evidence).replace(evidence.find(digest) + 10, 4, "beef"));
  refuses_to_start(Errc::integrity, "is about " + name);
  STRCMP_CONTAINS("\"trusted\": false", verdict(false).c_str());
  LONGS_EQUAL(before, remote.manifests);
  fs::remove(file);
  refuses_to_start(Errc::denied, "no trust policy is loaded");
  CHECK(remote.manifests > before);
  write(file, evidence);
  accepts(prepare());
}

TEST(Images, an_older_version_is_taken_only_when_that_is_wanted) {
  const auto release_of = [&](const std::string& version) {
    layout.config_extra =
        fmt::format(R"("Entrypoint":["/scx"],"Labels":{{"org.opencontainers.image.version":"{}"}})", version);
    return layout.image("v1", {Tar().file("scx", version).done()});
  };
  judge_by(std::move(*Store::open({.root = tree.at("store")})));
  const PullOptions options{.allow_unsigned = true};
  release_of("1.0.9");
  accepts(pull(name, options));
  const std::string newer = release_of("1.0.10");
  STRCMP_EQUAL(newer.c_str(), accepts(pull(name, options)).digest.c_str());
  const std::string older = release_of("1.0.9");
  const int blobs = remote.blobs;
  const auto refused = pull(name, options);
  CHECK_FALSE(refused.has_value());
  STRCMP_CONTAINS("names an older image than before", refused.error().text.c_str());
  CHECK(refused.error().code == Errc::denied);
  LONGS_EQUAL(blobs, remote.blobs);
  STRCMP_EQUAL(newer.c_str(), accepts(prepare()).digest.c_str());
  // Without evidence the label of what is here must do.
  fs::remove_all(tree.at("store/evidence"));
  fs::create_directory(tree.at("store/evidence"));
  STRCMP_CONTAINS("names an older image", pull(name, options).error().text.c_str());
  STRCMP_EQUAL(older.c_str(), accepts(pull("registry.test/scx@" + older, options)).digest.c_str());
  STRCMP_EQUAL(older.c_str(), accepts(pull(name, {.allow_unsigned = true, .allow_downgrade = true})).digest.c_str());
}

TEST(Images, says_what_it_would_trust_and_brings_nothing_in) {
  layout.image("v1", {Tar().file("scx", "x").done()});
  const auto trust = judge_by(std::move(*Store::open({.root = tree.at("store")})));
  STRCMP_CONTAINS("no trust policy is loaded", verdict(false).c_str());
  trust->use({.otherwise = {AcceptAnything{}}, .scopes = {{.prefix = "oci:", .require = {Reject{}}}}}, "");
  const std::string report = verdict(true);
  STRCMP_CONTAINS("\"from\": \"registry\"", report.c_str());
  STRCMP_CONTAINS("\"requirement\": \"insecure-accept-anything\"", report.c_str());
  LONGS_EQUAL(0, remote.blobs);
  LONGS_EQUAL(0, list().size());
  accepts(prepare());
  STRCMP_CONTAINS("\"from\": \"store\"", verdict(true).c_str());
  STRCMP_CONTAINS("\"from\": \"layout\"", verdict(false, "oci:" + tree.at("registry") + ":v1").c_str());
  CHECK(prepare("oci:" + tree.at("registry") + ":v1").error().code == Errc::denied);
  remote.down = Error{Errc::io, "no network"};
  CHECK(ask_verdict("registry.test/other:v1").error().code == Errc::io);
  remote.down = Error{Errc::denied, "HTTP status 401"};
  CHECK(ask_verdict("registry.test/other:v1").error().code == Errc::denied);
}

TEST(Images, refuses_other_machines_and_older_kernels_before_layers) {
  layout.architecture = "s390x";
  layout.image("v1", {Tar().file("scx", "x").done()});
  refuses(prepare(), Errc::unsupported, "linux/s390x");
  layout.architecture = host_platform().architecture;
  layout.config_extra = R"("Entrypoint":["/scx"],"Labels":{"org.schedkit.scheduler.kernel.min-version":"7.2"})";
  layout.image("v1", {Tar().file("scx", "x").done()});
  refuses(prepare(), Errc::unsupported, "needs Linux \"7.2\" or newer, this is 6.18.0");
  LONGS_EQUAL(0, remote.blobs);
}

TEST(Images, a_broken_download_leaves_nothing) {
  const std::string second = Tar().file("b", noise(300'000, 2)).done();
  layout.image("v1", {Tar().file("a", noise(300'000)).done(), second});
  remote.broken[digest_text(gzip(second))] = {Errc::io, "connection reset"};
  refuses(prepare(), Errc::io, "connection reset");
  remote.broken.clear();
  accepts(prepare());
  verifies();
}

TEST(Images, a_bad_layer_ends_the_other_downloads) {
  const std::string second = Tar().file("b", noise(300'000, 2)).done();
  layout.image("v1", {Tar().file("../evil", "x").done(), second});
  remote.stuck.insert(digest_text(gzip(second)));
  refuses(prepare(), Errc::invalid, "../evil");
}

TEST(Images, fetches_layers_one_by_one_until_that_takes_long) {
  const std::string first = Tar().file("a", noise(300'000)).done();
  const std::string second = Tar().file("b", noise(300'000, 2)).done();
  const std::string third = Tar().file("c", noise(300'000, 3)).done();
  layout.image("v1", {first, second, third});
  remote.stuck.insert(digest_text(gzip(second)));
  int blobs_at_half = 0;
  auto job = images->pull(name, {},
                          {.on_progress =
                               [&](const PullProgress& progress) {
                                 if (progress.bytes > 0 && blobs_at_half == 0) blobs_at_half = remote.blobs;
                               },
                           .on_done = [](Result<RunnableImage>) { FAIL("the second never comes"); }});
  while (remote.blobs < 3) loop.run_once(true);
  LONGS_EQUAL(1, blobs_at_half);
}

TEST(Images, goes_on_where_a_killed_daemon_was) {
  const std::string first = Tar().file("a", noise(900'000)).done();
  const std::string second = Tar().file("b", noise(900'000, 2)).done();
  layout.image("v1", {first, second});
  left_behind(gzip(first), 500'000);
  left_behind(gzip(second), gzip(second).size());
  reopen();
  accepts(prepare());
  LONGS_EQUAL(gzip(first).size() - 500'000, remote.sent);
  verifies();
  CHECK(fs::is_empty(tree.at("store/partial")));
}

TEST(Images, what_a_killed_daemon_left_may_be_damaged) {
  const std::string first = Tar().file("a", noise(900'000)).done();
  layout.image("v1", {first});
  for (const std::size_t at : {std::size_t{0}, std::size_t{400'000}}) {
    std::string damaged = gzip(first);
    damaged[at] ^= 1;
    left_behind(damaged, 500'000, digest_text(gzip(first)));
    reopen();
    accepts(prepare());
    verifies();
    std::optional<Result<ImagesRemoved>> removed;
    images->remove(name, [&](Result<ImagesRemoved> answer) { removed = std::move(answer); });
    CHECK(await(removed).has_value());
  }
}

TEST(Images, what_a_killed_daemon_left_goes_with_the_next_cleaning) {
  left_behind(noise(900'000), 500'000);
  reopen();
  CHECK_FALSE(fs::is_empty(tree.at("store/partial")));
  std::optional<Result<ImagesRemoved>> pruned;
  images->prune(false, [&](Result<ImagesRemoved> answer) { pruned = std::move(answer); });
  CHECK(await(pruned).has_value());
  CHECK(fs::is_empty(tree.at("store/partial")));
}

TEST(Images, cancelling_leaves_nothing) {
  const std::string first = Tar().file("a", noise(300'000)).done();
  layout.image("v1", {first});
  remote.stuck.insert(digest_text(gzip(first)));
  std::uint64_t seen = 0;
  auto job = images->pull(name, {},
                          {.on_progress = [&](const PullProgress& progress) { seen = progress.bytes; },
                           .on_done = [](Result<RunnableImage>) { FAIL("it was cancelled"); }});
  while (seen == 0) loop.run_once(true);
  CHECK_FALSE(fs::is_empty(tree.at("store/tmp")));
  job.reset();
  LONGS_EQUAL(0, remote.open);
  while (!fs::is_empty(tree.at("store/tmp"))) loop.run_once(true);
  LONGS_EQUAL(0, list().size());
  remote.stuck.clear();
  accepts(prepare());
}

TEST(Images, equal_pulls_are_one_and_the_last_one_to_leave_cancels) {
  const std::string first = Tar().file("a", noise(300'000)).done();
  layout.image("v1", {first});
  std::optional<Result<RunnableImage>> answer;
  auto left = images->pull(name, {}, {.on_done = [](Result<RunnableImage>) { FAIL("it let go"); }});
  const auto stays = images->pull(name, {}, {.on_done = [&](Result<RunnableImage> image) { answer = image; }});
  left.reset();
  accepts(await(answer));
  LONGS_EQUAL(1, remote.manifests);
  LONGS_EQUAL(1, remote.blobs);
}

TEST(Images, waits_for_room_and_takes_what_came_in_for_others) {
  const std::string first = Tar().file("a", noise(11'000'000)).done();
  layout.image("v1", {first});
  remote.piece = 9u << 20;  // more than may be queued
  remote.elsewhere[digest_text(gzip(first))] = 2;
  accepts(prepare());
  LONGS_EQUAL(3, remote.blobs);
  CHECK(remote.paused > 0);
  verifies();
}

TEST(Images, layers_that_are_here_are_not_fetched) {
  const std::string base = Tar().file("a", noise(100'000)).done();
  layout.image("v1", {base});
  accepts(prepare());
  layout.image("v2", {base, Tar().file("scx", "x").done()});
  accepts(prepare("registry.test/scx:v2"));
  LONGS_EQUAL(2, remote.blobs);
  // A damaged one is.
  const std::string blob = tree.at("store/store/blobs/sha256/") + digest_text(gzip(base)).substr(7);
  write(blob, "damaged");
  layout.image("v3", {base, base});
  accepts(prepare("registry.test/scx:v3"));
  LONGS_EQUAL(3, remote.blobs);
  verifies();
}

TEST(Images, a_moved_tag_keeps_its_former_version) {
  const std::string old = layout.image("v1", {Tar().file("scx", "1").done()});
  accepts(prepare());
  const std::string now = layout.image("v1", {Tar().file("scx", "2").done()});
  STRCMP_EQUAL(old.c_str(), accepts(prepare()).digest.c_str());
  STRCMP_EQUAL(now.c_str(), accepts(pull()).digest.c_str());
  STRCMP_EQUAL(now.c_str(), accepts(prepare()).digest.c_str());
  const auto kept = list();
  LONGS_EQUAL(2, kept.size());
  CHECK(kept[0].current && kept[0].digest == now);
  CHECK(!kept[1].current && kept[1].digest == old && kept[1].reference == name);
  STRCMP_EQUAL(old.c_str(), accepts(prepare("registry.test/scx@" + old)).digest.c_str());
  // And back.
  layout.image("v1", {Tar().file("scx", "1").done()});
  STRCMP_EQUAL(old.c_str(), accepts(pull()).digest.c_str());
  LONGS_EQUAL(2, list().size());
  verifies();
}

TEST(Images, pulling_what_is_here_asks_and_fetches_nothing) {
  layout.image("v1", {Tar().file("scx", "x").done()});
  const RunnableImage image = accepts(pull());
  LONGS_EQUAL(1, admission->asked);
  CHECK(image == accepts(pull()));
  LONGS_EQUAL(1, remote.blobs);
  LONGS_EQUAL(2, admission->asked);
  fs::remove_all(image.rootfs);
  fs::remove(layout.blob_path(image.digest) + "x");
  CHECK(image == accepts(pull()));
  CHECK(exists(image.rootfs + "/scx"));
}

TEST(Images, what_policies_want_is_tried_again_and_refreshed) {
  const std::string old = layout.image("v1", {Tar().file("scx", "1").done()});
  remote.down = Error{Errc::io, "no network"};
  std::vector<std::string> reports;
  const auto reported = [&](std::size_t count) {
    while (reports.size() < count) loop.run_once(true);
    return reports.back();
  };
  images->want({name}, [&](const std::string&, const Result<RunnableImage>& image) {
    reports.push_back(image ? image->digest : image.error().text);
  });
  STRCMP_CONTAINS("no network", reported(1).c_str());
  remote.down.reset();
  clock.advance(std::chrono::seconds(10));
  images->tick();
  STRCMP_EQUAL(old.c_str(), reported(2).c_str());

  // Nothing is asked before its time; then a HEAD says that nothing moved.
  images->tick();
  LONGS_EQUAL(0, remote.resolved);
  clock.advance(std::chrono::hours(24));
  images->tick();
  LONGS_EQUAL(1, remote.resolved);
  while (remote.open > 0) loop.run_once(true);
  const int manifests = remote.manifests;
  const std::string now = layout.image("v1", {Tar().file("scx", "2").done()});
  while (remote.resolved == 1) {
    clock.advance(std::chrono::hours(25));
    images->tick();
    loop.run_once(false);
  }
  STRCMP_EQUAL(now.c_str(), reported(3).c_str());
  LONGS_EQUAL(manifests + 1, remote.manifests);
}

TEST(Images, prepares_layouts_and_reports_errors_the_same_way) {
  layout.image("v1", {Tar().file("scx", "x").done()});
  const RunnableImage image = accepts(prepare("oci:" + tree.at("registry") + ":v1"));
  CHECK(exists(image.rootfs + "/scx"));
  CHECK(prepare("not a reference").error().code == Errc::invalid);
  CHECK(prepare("oci:/nonexistent:1").error().code == Errc::not_found);
  CHECK(pull("oci:" + tree.at("registry") + ":v1").error().code == Errc::invalid);
}
