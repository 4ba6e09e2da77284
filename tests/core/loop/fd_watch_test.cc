#include "core/loop/fd_watch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <vector>

#include "core/base/unique_fd.h"
#include "tests/core/sched/loop_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(FdWatch) {
  Loop loop;
  UniqueFd ours;
  UniqueFd theirs;
  std::vector<FdWatch::Ready> seen;
  std::unique_ptr<FdWatch> watch;

  void setup() override {
    std::array<int, 2> ends{};
    LONGS_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
    watch = *FdWatch::create(loop, ours.get(), [this](FdWatch::Ready ready) { seen.push_back(ready); });
  }
  void teardown() override { watch.reset(); }

  void send() { LONGS_EQUAL(1, ::write(theirs.get(), "x", 1)); }
  bool wait() {
    const auto before = seen.size();
    return run_until(loop, [&] { return seen.size() > before; });
  }
};

TEST(FdWatch, tells_when_there_is_something_to_read) {
  watch->want_readable();
  loop.run_once(false);
  LONGS_EQUAL(0, seen.size());
  send();
  CHECK_TRUE(wait());
  CHECK_TRUE(seen[0].readable);
  CHECK_FALSE(seen[0].writable || seen[0].hangup || seen[0].failed);
}

TEST(FdWatch, tells_again_until_it_is_read) {
  watch->want_readable();
  send();
  CHECK_TRUE(wait());
  CHECK_TRUE(wait());
  char byte = 0;
  LONGS_EQUAL(1, ::read(ours.get(), &byte, 1));
  const auto before = seen.size();
  loop.run_once(false);
  LONGS_EQUAL(before, seen.size());
}

TEST(FdWatch, tells_when_there_is_room_to_write) {
  watch->want({.writable = true});
  CHECK_TRUE(wait());
  CHECK_TRUE(seen[0].writable);
  CHECK_FALSE(seen[0].readable);
}

TEST(FdWatch, tells_that_the_other_end_has_gone) {
  watch->want({.hangup = true});
  theirs.reset();
  CHECK_TRUE(wait());
  CHECK_TRUE(seen[0].hangup);
}

TEST(FdWatch, wanting_nothing_stops_it_and_keeps_nobody_waiting) {
  watch->want_readable();
  watch->want({});
  send();
  CHECK_FALSE(loop.run_once(true));
  LONGS_EQUAL(0, seen.size());
  watch->want_readable();
  CHECK_TRUE(wait());
}

TEST(FdWatch, wishes_may_change_from_inside_the_call) {
  int calls = 0;
  watch.reset();
  watch = *FdWatch::create(loop, ours.get(), [&](FdWatch::Ready ready) {
    ++calls;
    CHECK_TRUE(ready.readable == (calls == 1));
    watch->want({.writable = calls == 1});
  });
  watch->want_readable();
  send();
  loop.run();
  LONGS_EQUAL(2, calls);
}

TEST(FdWatch, it_may_be_destroyed_by_its_own_call) {
  std::size_t held = 0;
  watch.reset();
  const std::vector<int> captured(100, 1);
  watch = *FdWatch::create(loop, ours.get(), [&, captured](FdWatch::Ready) {
    watch.reset();
    held = captured.size();
  });
  watch->want_readable();
  send();
  loop.run();
  LONGS_EQUAL(100, held);
}

TEST(FdWatch, it_leaves_the_descriptor_open) {
  watch.reset();
  CHECK_TRUE(::fcntl(ours.get(), F_GETFD) >= 0);
}

TEST(FdWatch, the_descriptor_may_be_watched_anew_in_the_same_turn) {
  watch.reset();
  watch = *FdWatch::create(loop, ours.get(), [this](FdWatch::Ready ready) { seen.push_back(ready); });
  watch->want_readable();
  send();
  CHECK_TRUE(wait());
}

TEST(FdWatch, what_cannot_be_watched_is_an_error) {
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto regular = FdWatch::create(loop, file.get(), [](FdWatch::Ready) {});
  CHECK_FALSE(regular.has_value());
  STRCMP_CONTAINS("cannot watch descriptor", regular.error().text.c_str());
  CHECK_FALSE(FdWatch::create(loop, -1, [](FdWatch::Ready) {}).has_value());
}
