// What outlives the daemon: small files and logs, by name. Port, so that tests need no disk; state_directory.h is the
// real one.
#pragma once

#include <string>

#include "core/base/result.h"

namespace schedkit {

class StateStore {
 public:
  virtual ~StateStore() = default;

  // The whole content; Errc::not_found when there is none. At start only: it blocks.
  virtual Result<std::string> read(const std::string& name) const = 0;

  // Replaces the content, later and as a whole; of several for one name the newest wins.
  virtual void replace(const std::string& name, std::string content) = 0;

  // Adds a line, later. Lines that were begun when the machine died are not continued.
  virtual void append(const std::string& name, std::string line) = 0;
};

}  // namespace schedkit
