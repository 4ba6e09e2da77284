#include "core/sched/stranger.h"

#include <algorithm>
#include <utility>

namespace schedkit {

namespace {

constexpr Duration first_pause = std::chrono::milliseconds(5);
constexpr Duration patience = std::chrono::seconds(1);

}  // namespace

bool Stranger::look(const Result<std::vector<SchedulerLink>>& links) {
  const auto now = clock_.now();
  const auto enable_seq = kernel_.state().enable_seq;
  if (search_.owner.empty() || search_.enable_seq != enable_seq) {
    search_ = {.enable_seq = enable_seq, .until = now + patience, .pause = first_pause};
  }
  const bool linked = links && !links->empty();
  if ((!linked || links->front().owners.empty()) && now < search_.until) {
    search_.again = std::min(now + search_.pause, search_.until);
    search_.pause *= 2;
    search_.owner = "somebody";
    return false;
  }
  search_.again.reset();
  search_.orphan = linked && links->front().owners.empty();
  const auto before =
      std::exchange(search_.owner, linked ? kernel_.describe_holder(links->front()) : "somebody, without a link");
  return before != search_.owner;
}

}  // namespace schedkit
