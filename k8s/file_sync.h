#pragma once

#include <map>
#include <string>
#include <vector>

#include "k8s/node_plan.h"
#include "k8s/rendered_files.h"

namespace schedkit {

struct FileOutcome {
  std::vector<std::string> written;
  std::vector<std::string> removed;
  std::map<std::string, Error> errors;  // by file
  std::vector<Error> troubles;          // of no single one: the directory

  bool ok() const { return errors.empty() && troubles.empty(); }
};

// Makes sked's files what the plan says: writes first, then removes
//   what is suspended or for other nodes,
//   and what belongs to no object any more, unless that was to stay (deletionPolicy: Keep) or not all objects are known
// Blocks on the disk.
FileOutcome sync_files(const RenderedFiles& files, const NodePlan& plan);

}  // namespace schedkit
