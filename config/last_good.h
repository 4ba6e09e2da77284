// The last version of each policy file that was in force, in memory and on disk, so that a mistake in a file and a
// restart together lose nothing.
//
// On disk: DIRECTORY/LAYER/NAME, one file each, replaced atomically: a line "schedkit-last-good 1 TEXT BORROWED" with
// the two lengths in bytes, then the file's text, then its borrowed schedulers as TOML.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/policy_layer.h"
#include "core/base/result.h"

namespace schedkit {

class LastGood {
 public:
  struct Version {
    std::string text;      // as it was in its file
    std::string borrowed;  // [schedulers.NAME] tables of other files that it used, as TOML

    bool operator==(const Version&) const = default;
  };
  using Name = std::pair<PolicyLayer, std::string>;

  // Kept in memory only.
  LastGood() = default;

  // Reads what `directory` holds; it need not exist. Damaged copies are reported, removed from memory and replaced by
  // the next good version.
  static LastGood open(std::string directory, std::vector<Error>& problems);

  const Version* find(const Name& name) const;
  const std::map<Name, Version>& all() const { return versions_; }

  // Changes memory and disk, the disk only when something is new. A write that fails is tried again by the next keep().
  Result<void> keep(const Name& name, Version version);
  Result<void> forget(const Name& name);

 private:
  std::string path_of(const Name& name) const;

  std::string directory_;
  std::map<Name, Version> versions_;
  std::map<Name, Version> stored_;  // what the disk has
};

}  // namespace schedkit
