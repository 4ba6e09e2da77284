// Finds and reads policy files; knows nothing of what is in them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/policy_layer.h"
#include "core/base/result.h"

namespace schedkit {

struct Directories {
  std::string vendor = "/usr/lib/schedkit";
  std::string runtime = "/run/schedkit/policies";
  std::string cluster = "/etc/schedkit/cluster";
  std::string admin = "/etc/schedkit";  // also holds schedkit.toml
  std::string last_good = "/var/lib/schedkit/last-good";

  // The same below `root`, for tests and other trees.
  static Directories under(const std::string& root);

  const std::string& of(PolicyLayer layer) const;
  // Those of the four layers, for a watch.
  std::vector<std::string> watched() const { return {vendor, runtime, cluster, admin}; }
};

struct FoundFile {
  PolicyLayer layer = PolicyLayer::admin;
  std::string name;
  std::string path;
  Result<std::string> text;  // the error has its place
};

struct FoundFiles {
  std::vector<FoundFile> files;
  std::set<PolicyLayer> unlisted;  // directories that exist and could not be listed: what is in them is not known
  std::vector<Error> problems;     // why
};

constexpr std::size_t most_files = 1024;  // in one directory

// Every *.toml of the four directories except dotfiles, symbolic links followed but for the cluster's: its unprivileged
// writer would otherwise learn from error messages what is in files it cannot read. A link to /dev/null counts as an
// empty file. Never blocks on a FIFO, reads no more than largest_policy_file + 1 bytes of a file.
FoundFiles find_files(const Directories& directories);

// One file in the same way, whatever its name.
FoundFile read_found(PolicyLayer layer, const std::string& path);

}  // namespace schedkit
