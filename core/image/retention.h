// Which images a full store gives up. Pure: what there is in, what goes out.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace schedkit {

struct Retention {
  std::size_t keep = 3;              // newest versions of each repository
  std::uint64_t limit = 2ull << 30;  // bytes of all images together
};

// What must stay whatever the rules say: named by policies, running, or needed to go back.
struct Keep {
  std::set<std::string> references;  // normalised
  std::set<std::string> digests;     // of manifests, "sha256:…"
};

// An image as retention sees it.
struct HeldImage {
  std::string repository;
  std::int64_t pulled = 0;
  bool kept = false;                           // by a Keep
  std::map<std::string, std::uint64_t> parts;  // blobs and trees with their sizes; images share parts of one name
};

struct Removal {
  std::set<std::size_t> images;  // indices
  std::uint64_t freed = 0;
  std::uint64_t left = 0;  // more than the limit only if everything left is kept
};

// Beyond `keep` newest of a repository, then the oldest of all until the rest fits the limit; with `all` everything that
// is not kept. A kept image counts as one of the newest.
Removal choose_removals(const std::vector<HeldImage>& images, const Retention& retention, bool all);

}  // namespace schedkit
