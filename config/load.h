// From directories to a Policy in one step: the path that the daemon, `schedctl check` and tests share.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/directories.h"
#include "config/last_good.h"
#include "core/policy/model.h"
#include "core/policy/policy_file.h"

namespace schedkit {

struct Loaded {
  Policy policy;
  PolicyReport report;
};

// The sha256 of a text in hexadecimal digits.
using TextDigest = std::function<std::string(std::string_view)>;

// Reads every file, parses, checks them together, and brings `last_good` up to date: versions in force are kept, those
// of files that are gone are forgotten. Does no logging. Blocks on the disk. The report has the files' digests when there is
// a `digest`; schedctl needs none.
Loaded load_policy(const Directories& directories, LastGood& last_good, const TextDigest& digest = nullptr);

// The same for files found before.
Loaded load_found(FoundFiles found, const Directories& directories, LastGood& last_good,
                  const TextDigest& digest = nullptr);

// Whether both mean the same to the engine and the switcher; places in files are not compared.
bool same_policy(const Policy& a, const Policy& b);

}  // namespace schedkit
