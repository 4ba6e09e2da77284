#include "core/image/retention.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

HeldImage held(const std::string& repository, std::int64_t pulled, std::uint64_t size, bool kept = false) {
  return {
      .repository = repository, .pulled = pulled, .kept = kept, .parts = {{repository + std::to_string(pulled), size}}};
}

}  // namespace

TEST_GROUP(Retention){};

TEST(Retention, keeps_the_newest_of_each_repository) {
  const auto removal = choose_removals({held("a", 1, 10), held("a", 3, 10), held("a", 2, 10), held("b", 1, 10)},
                                       {.keep = 2, .limit = 1000}, false);
  CHECK(removal.images == std::set<std::size_t>{0});
  CHECK_EQUAL(10, removal.freed);
  CHECK_EQUAL(30, removal.left);
}

TEST(Retention, never_gives_up_what_is_needed) {
  const auto removal =
      choose_removals({held("a", 1, 10, true), held("a", 3, 10), held("a", 2, 10)}, {.keep = 1, .limit = 5}, false);
  CHECK(removal.images == (std::set<std::size_t>{1, 2}));
  CHECK_EQUAL(10, removal.left);
  CHECK(choose_removals({held("a", 1, 10, true)}, {.keep = 0, .limit = 0}, true).images.empty());
}

TEST(Retention, a_full_store_gives_up_the_oldest) {
  const auto removal =
      choose_removals({held("a", 1, 10), held("b", 3, 10), held("c", 2, 10)}, {.keep = 3, .limit = 20}, false);
  CHECK(removal.images == std::set<std::size_t>{0});
}

TEST(Retention, shared_parts_count_once_and_stay) {
  HeldImage old = held("a", 1, 10);
  HeldImage young = held("a", 2, 10);
  old.parts["base"] = young.parts["base"] = 100;
  const auto removal = choose_removals({old, young}, {.keep = 1, .limit = 1000}, false);
  CHECK_EQUAL(10, removal.freed);
  CHECK_EQUAL(110, removal.left);
}

TEST(Retention, all_means_what_nothing_needs) {
  const auto removal = choose_removals({held("a", 1, 10, true), held("b", 3, 10)}, {}, true);
  CHECK(removal.images == std::set<std::size_t>{1});
}
