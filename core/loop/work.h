#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "core/loop/loop.h"

namespace schedkit {

// Runs `job` on libuv's thread pool and then `done` on the loop thread. Both are destroyed on the loop thread. Neither
// may throw. Loop's destructor waits for jobs under way and still calls their `done`: capture only what lives that
// long, or a weak way back.
void run_in_pool(Loop& loop, std::function<void()> job, std::function<void()> done);

// The same for a job with a result: run_in_pool(loop, [] { return read_it(); }, [](Result<X> x) { … }).
template <class Job, class Done>
void run_in_pool_for(Loop& loop, Job job, Done done) {
  using Value = std::invoke_result_t<Job>;
  auto value = std::make_shared<std::unique_ptr<Value>>();  // std::function needs copyable captures
  run_in_pool(
      loop, [value, job = std::move(job)]() mutable { *value = std::make_unique<Value>(job()); },
      [value, done = std::move(done)]() mutable { done(std::move(**value)); });
}

}  // namespace schedkit
