// refs.json of the store: what was found at references of layouts. It only saves work; missing or damaged it is empty.
#pragma once

#include <map>
#include <string>

#include "core/base/result.h"
#include "core/image/digest.h"

namespace schedkit {

struct LayoutRecord {
  Digest top;       // what the reference named: an index or a manifest
  Digest manifest;  // of this platform
};

using LayoutRecords = std::map<std::string, LayoutRecord>;  // by normalised reference

// `root`: the store's.
LayoutRecords read_refs(const std::string& root);
Result<void> write_refs(const std::string& root, const LayoutRecords& records);

}  // namespace schedkit
