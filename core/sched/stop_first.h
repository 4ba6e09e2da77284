// Schedulers that cannot wait at the attach gate: they attach without the call that it holds, and the kernel answers
// EBUSY as long as another one is attached. One that exits and says so is tried once by stop-first; if it attaches
// then, the digest of its image is remembered, and it takes over by stop-first from then on.
//
// Pure; what must survive goes out through `changed` and comes back through restore().
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

class StopFirst {
 public:
  explicit StopFirst(std::function<void()> changed) : changed_(std::move(changed)) {}

  void restore(std::vector<std::string> digests) { known_ = std::move(digests); }

  // Whether it takes over by stop-first, though its policy says gate.
  bool applies(const std::string& digest) const;
  // It exited before the gate while another one was attached, and these are its last lines. True when it is to be
  // tried by stop-first now.
  bool suggested_by(const std::string& digest, const std::vector<std::string>& output);
  void attached(const std::string& digest);
  void failed(const std::string& digest) { trying_.erase(digest); }

  const std::vector<std::string>& digests() const { return known_; }

 private:
  const std::function<void()> changed_;
  std::vector<std::string> known_;  // oldest first
  std::set<std::string> trying_;
  std::set<std::string> tried_;  // and not again while this daemon lives
};

// stop-first.json, version 1.
std::string stop_first_json(const std::vector<std::string>& digests);
Result<std::vector<std::string>> parse_stop_first(std::string_view json);

}  // namespace schedkit
