#include "core/image/staging.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "core/image/store.h"
#include "tests/core/image/image_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace fs = std::filesystem;

TEST_GROUP(Staging) { TempTree tree; };

TEST(Staging, goes_with_its_owner) {
  {
    auto staging = Staging::make(tree.path());
    CHECK(staging.has_value());
    CHECK(exists(staging->rootfs()) && exists(staging->blobs()));
    CHECK(Staging::remove_abandoned(tree.path()).has_value());
    CHECK(exists(staging->rootfs()));
  }
  CHECK(fs::is_empty(tree.path()));
}

TEST(Staging, what_a_killed_process_left_is_removed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto staging = Staging::make(tree.path());
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  CHECK_EQUAL(child, ::waitpid(child, &status, 0));
  CHECK(WIFSIGNALED(status));
  CHECK_FALSE(fs::is_empty(tree.path()));
  CHECK(Staging::remove_abandoned(tree.path()).has_value());
  CHECK(fs::is_empty(tree.path()));
}
