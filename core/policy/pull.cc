#include "core/policy/pull.h"

namespace schedkit {

std::string_view to_string(PullProgress::Phase phase) {
  switch (phase) {
    case PullProgress::Phase::resolving: return "resolving";
    case PullProgress::Phase::verifying: return "verifying";
    case PullProgress::Phase::fetching: return "fetching";
    case PullProgress::Phase::unpacking: return "unpacking";
    case PullProgress::Phase::done: return "done";
  }
  return "unknown";
}

}  // namespace schedkit
