// `schedctl check`: what the daemon would say, without the daemon.
#pragma once

#include <string>
#include <vector>

#include "config/directories.h"
#include "core/policy/model.h"
#include "core/policy/policy_file.h"

namespace schedkit {

struct CheckReport {
  PolicyReport report;
  Policy policy;  // what would be in force

  // No errors; warnings may be.
  bool ok() const;
  std::size_t errors() const;
  std::size_t warnings() const;

  // "FILE:LINE:COLUMN: error: …" or "… warning: …", one line each, as compilers write them; "" when all is well.
  std::string text() const;
};

// Everything in the directories. Last good versions are not used: a file with errors is rejected.
CheckReport check_directories(const Directories& directories = {});

// The files at `paths`, and all those in directories at `paths`, as if nothing else were there.
CheckReport check_alone(const std::vector<std::string>& paths);

// The files at `paths`, as if they were in /etc/schedkit beside what is there (or, when they are in one of the
// directories, in that one): a `use` may name schedulers of files there. Only the given files are in the report.
CheckReport check_files(const std::vector<std::string>& paths, const Directories& directories = {});

}  // namespace schedkit
