#include "core/loop/work.h"

#include <uv.h>

#include <cstdlib>

#include "core/base/log.h"

namespace schedkit {

namespace {

struct Request {
  uv_work_t work;
  std::function<void()> job;
  std::function<void()> done;
};

}  // namespace

void run_in_pool(Loop& loop, std::function<void()> job, std::function<void()> done) {
  auto* request = new Request{{}, std::move(job), std::move(done)};
  request->work.data = request;
  const int error = uv_queue_work(
      loop.uv(), &request->work, [](uv_work_t* work) { static_cast<Request*>(work->data)->job(); },
      [](uv_work_t* work, int) {
        const std::unique_ptr<Request> finished(static_cast<Request*>(work->data));
        finished->done();
      });
  if (error != 0) {  // only for a missing function: a programming error
    log::error("cannot queue work: {}", uv_strerror(error));
    std::abort();
  }
}

}  // namespace schedkit
