#include "core/sched/strikes.h"

#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(Strikes) {
  fakes::FakeClock clock;
  int changes = 0;
  Strikes strikes{clock, "7.2", [this] { ++changes; }};

  Duration wait(const std::string& digest) { return strikes.not_before(digest, {}) - clock.now(); }
};

TEST(Strikes, back_off_doubles_between_its_limits_and_the_last_one_is_quarantine) {
  strikes.configure({.limit = 5, .backoff_min = 1s, .backoff_max = 3s});
  strikes.add("d", {}, "a", "x");
  CHECK_TRUE(wait("d") == 1s);
  strikes.add("d", {}, "a", "x");
  CHECK_TRUE(wait("d") == 2s);
  strikes.add("d", {}, "a", "x");
  CHECK_TRUE(wait("d") == 3s);
  strikes.add("d", {}, "a", "x");
  CHECK_FALSE(strikes.quarantined("d", {}));
  const auto& last = strikes.add("d", {}, "a", "it stalled");
  CHECK_TRUE(last.quarantined && last.count == 5);
  CHECK_TRUE(strikes.quarantined("d", {}));
  STRCMP_EQUAL(
      "a is quarantined after 5 strikes on this kernel (last: it stalled); `schedctl quarantine clear a` lifts it",
      Strikes::describe(last).c_str());
}

TEST(Strikes, are_per_digest_arguments_and_kernel) {
  strikes.configure({.limit = 1});
  strikes.add("d", {"--x"}, "a", "y");
  CHECK_TRUE(strikes.quarantined("d", {"--x"}));
  CHECK_FALSE(strikes.quarantined("d", {}));
  CHECK_FALSE(strikes.quarantined("e", {"--x"}));
  Strikes newer(clock, "7.3", [] {});
  newer.restore(strikes.records());
  CHECK_FALSE(newer.quarantined("d", {"--x"}));
}

TEST(Strikes, survive_in_json) {
  strikes.configure({.limit = 2});
  strikes.add("sha256:aa", {"--x", "\xff"}, "a", "y \"z\"");
  strikes.add("sha256:bb", {}, "b", "y");
  strikes.add("sha256:bb", {}, "b", "z");
  const auto parsed = parse_strikes(strikes_json(strikes.records()));
  CHECK_TRUE(parsed.has_value());
  LONGS_EQUAL(2, parsed->size());
  CHECK_TRUE(parsed->at(1) == strikes.records().at(1));
  Strikes again(clock, "7.2", [] {});
  again.restore(*parsed);
  CHECK_TRUE(again.quarantined("sha256:bb", {}));
  CHECK_TRUE(again.add("sha256:aa", {"--x", "?"}, "a", "y").count == 1);
}

TEST(Strikes, damaged_files_are_errors) {
  for (const char* text : {"", "[]", "{}", "{\"version\": 2, \"strikes\": []}", "{\"version\": 1, \"strikes\": [{}]}",
                           "{\"version\": 1, \"strikes\": [{\"digest\": 1}]}"}) {
    CHECK_FALSE(parse_strikes(text).has_value());
  }
}

TEST(Strikes, are_forgiven_unless_quarantined) {
  strikes.configure({.limit = 2});
  strikes.add("d", {}, "a", "x");
  strikes.forgive("d", {});
  CHECK_TRUE(strikes.records().empty());
  strikes.add("d", {}, "a", "x");
  strikes.add("d", {}, "a", "x");
  strikes.forgive("d", {});
  CHECK_TRUE(strikes.quarantined("d", {}));
}

TEST(Strikes, are_cleared_by_name_or_digest) {
  strikes.add("sha256:0123456789", {}, "a", "x");
  strikes.add("sha256:aaaabbbbcc", {}, "b", "x");
  strikes.add("sha256:ccccdddd", {}, "c", "x");
  LONGS_EQUAL(0, strikes.clear("nobody"));
  LONGS_EQUAL(0, strikes.clear("0123"));
  LONGS_EQUAL(1, strikes.clear("01234567"));
  LONGS_EQUAL(1, strikes.clear("b"));
  LONGS_EQUAL(1, strikes.clear(""));
  const int before = changes;
  LONGS_EQUAL(0, strikes.clear(""));
  LONGS_EQUAL(before, changes);
}

TEST(Strikes, are_bounded_and_quarantine_is_kept_longest) {
  strikes.configure({.limit = 2});
  strikes.add("bad", {}, "bad", "x");
  strikes.add("bad", {}, "bad", "x");
  for (int i = 0; i < 400; ++i) strikes.add(std::to_string(i), {}, "s", "x");
  LONGS_EQUAL(256, strikes.records().size());
  CHECK_TRUE(strikes.quarantined("bad", {}));
}
