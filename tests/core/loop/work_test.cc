#include "core/loop/work.h"

#include <atomic>
#include <string>
#include <thread>

#include "tests/core/sched/loop_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Work) { Loop loop; };

TEST(Work, the_job_runs_elsewhere_and_done_on_the_loop_thread) {
  const auto here = std::this_thread::get_id();
  std::thread::id job;
  std::thread::id done;
  run_in_pool(
      loop, [&] { job = std::this_thread::get_id(); }, [&] { done = std::this_thread::get_id(); });
  CHECK_TRUE(done == std::thread::id());
  loop.run();
  CHECK_TRUE(job != here && job != std::thread::id());
  CHECK_TRUE(done == here);
}

TEST(Work, a_result_is_handed_over) {
  std::string result;
  run_in_pool_for(
      loop, [] { return std::make_unique<std::string>("made in the pool"); },
      [&](std::unique_ptr<std::string> made) { result = *made; });
  loop.run();
  STRCMP_EQUAL("made in the pool", result.c_str());
}

TEST(Work, job_and_done_are_destroyed_on_the_loop_thread) {
  struct Witness {
    explicit Witness(std::thread::id& where) : destroyed_on(where) {}
    ~Witness() { destroyed_on = std::this_thread::get_id(); }
    std::thread::id& destroyed_on;
  };
  std::thread::id job;
  std::thread::id done;
  run_in_pool(
      loop, [witness = std::make_shared<Witness>(job)] {}, [witness = std::make_shared<Witness>(done)] {});
  loop.run();
  CHECK_TRUE(job == std::this_thread::get_id());
  CHECK_TRUE(done == std::this_thread::get_id());
}

TEST(Work, more_jobs_than_threads_are_all_done) {
  std::atomic<int> jobs = 0;
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    run_in_pool(
        loop, [&] { ++jobs; }, [&] { ++done; });
  }
  loop.run();
  LONGS_EQUAL(50, jobs);
  LONGS_EQUAL(50, done);
}

TEST(Work, done_may_ask_for_more_work) {
  bool finished = false;
  run_in_pool(
      loop, [] {},
      [&] {
        run_in_pool(
            loop, [] {}, [&] { finished = true; });
      });
  loop.run();
  CHECK_TRUE(finished);
}
