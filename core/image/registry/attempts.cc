#include "core/image/registry/attempts.h"

#include "core/base/text.h"

namespace schedkit::registry {

Failure failure_of(const Context& context, const HttpAnswer& answer, const std::string& what) {
  Failure failure{error_of_answer(answer.status, answer.body, what)};
  // These are worth another try whatever kind of error they are told as.
  if (retryable_status(answer.status) && !worth_another_try(failure.error)) failure.error.code = Errc::io;
  if (const auto after = answer.header("retry-after"); !after.empty()) {
    failure.retry_after = parse_retry_after(after, context.clock.wall_now());
  }
  return failure;
}

Error join_errors(Error last, const std::vector<std::string>& others) {
  if (!others.empty()) last.text += "; " + join(others, "; ");
  return last;
}

}  // namespace schedkit::registry
