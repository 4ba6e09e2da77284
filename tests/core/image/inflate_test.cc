#include "core/image/inflate.h"

#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(Inflate) {
  ImageLimits limits;
  std::uint64_t budget = 1u << 30;

  Result<std::string> inflate(const std::string& data, LayerType type, std::size_t piece = 7) {
    StringSource source(data, piece);
    auto inflated = inflate_source(source, type, budget, limits, "blob");
    if (!inflated) return fail(inflated.error());
    return read_all(**inflated, 1u << 30);
  }

  void refuses(const std::string& data, LayerType type, const char* words) {
    auto done = inflate(data, type);
    CHECK_FALSE(done.has_value());
    STRCMP_CONTAINS(words, done.error().text.c_str());
  }
};

constexpr LayerType as_gzip{Compression::gzip, true};
constexpr LayerType as_zstd{Compression::zstd, true};
constexpr LayerType as_plain{Compression::none, true};

TEST(Inflate, reads_concatenated_members_and_frames) {
  STRCMP_EQUAL("onetwo", inflate(gzip("one") + gzip("two"), as_gzip)->c_str());
  STRCMP_EQUAL("onetwo", inflate(zstd("one") + zstd("two"), as_zstd)->c_str());
  STRCMP_EQUAL("plain", inflate("plain", as_plain)->c_str());
  STRCMP_EQUAL("", inflate("", as_plain)->c_str());
  const std::string big(300'000, 'x');
  CHECK(*inflate(gzip(big), as_gzip, 5000) == big);
  CHECK(*inflate(zstd(big), as_zstd, 5000) == big);
}

TEST(Inflate, refuses_damaged_and_truncated_data) {
  const std::string packed = gzip(std::string(1000, 'x') + "end");
  refuses(packed.substr(0, packed.size() - 3), as_gzip, "early");
  refuses(packed + "garbage, more than a header", as_gzip, "damaged");
  std::string wrong = packed;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);
  refuses(wrong, as_gzip, "damaged");
  const std::string frame = zstd(std::string(1000, 'x') + "end");
  refuses(frame.substr(0, frame.size() - 3), as_zstd, "early");
  refuses(frame + "garbage!", as_zstd, "damaged");
}

TEST(Inflate, media_type_and_content_must_agree_but_for_docker) {
  refuses(gzip("x"), as_plain, "media type");
  refuses("plain", as_gzip, "media type");
  refuses(zstd("x"), as_gzip, "media type");
  STRCMP_EQUAL("x", inflate(zstd("x"), {Compression::gzip, false})->c_str());
}

TEST(Inflate, stops_bombs) {
  budget = 10'000;
  refuses(gzip(std::string(20'000, '\0')), as_gzip, "more than");
  refuses(zstd(std::string(20'000, '\0')), as_zstd, "more than");
  budget = 1u << 30;
  limits.ratio_free_bytes = 100'000;
  refuses(gzip(std::string(3'000'000, '\0')), as_gzip, "times its size");
}
