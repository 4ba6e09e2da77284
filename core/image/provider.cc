#include "core/image/provider.h"

#include <utility>

#include "core/image/runnable.h"
#include "core/loop/work.h"

namespace schedkit {

LocalImages::LocalImages(Loop& loop, Store store, std::string kernel_release)
    : loop_(loop), store_(std::move(store)), kernel_release_(std::move(kernel_release)) {}

void LocalImages::prepare(const std::string& reference, Done done) {
  run_in_pool_for(
      loop_, [this, reference] { return prepare_now(reference); }, std::move(done));
}

Result<RunnableImage> LocalImages::prepare_now(const std::string& reference) const {
  auto parsed = parse_reference(reference);
  if (!parsed) return fail(std::move(parsed.error()));
  auto image = store_.prepare(*parsed);
  if (!image) return image;
  if (auto runs = require_kernel(*image, kernel_release_); !runs) return fail(std::move(runs.error()));
  return image;
}

}  // namespace schedkit
