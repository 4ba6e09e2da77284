#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/loop/loop.h"

namespace schedkit {

// Tells that something changed in one of several directories, without saying what: read them again. Changes within
// `debounce` of each other are told once. Directories are absolute; they and their parents may be missing, vanish, come
// back and be links that are turned elsewhere: all parents are watched for that. Only complete changes count (a file is
// told when its writer closes it), and a lost event counts as a change. Watch first, then read, and nothing is missed.
class DirWatch {
 public:
  // Only entries named in `only` count in the directories; without any, all do.
  static Result<std::unique_ptr<DirWatch>> create(Loop& loop, std::vector<std::string> directories, Duration debounce,
                                                  std::function<void()> changed, std::set<std::string> only = {});
  ~DirWatch();

 private:
  struct Impl;
  explicit DirWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
