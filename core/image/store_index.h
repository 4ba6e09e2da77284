// The store's index.json in our terms. It is the only record of which images of registries the store holds, so one atomic
// write adds or removes one. An entry has the reference as its tag (org.opencontainers.image.ref.name) and points to the
// manifest that was unpacked; what a reference named before stays as an entry without a tag. Entries of other tools are
// kept as they are. Annotations of ours:
//   org.schedkit.store.reference   the reference of an entry that lost its tag to a newer one
//   org.schedkit.store.top         digest of what the registry answered, if that was an index
//   org.schedkit.store.pulled      seconds since 1970
//   org.schedkit.store.checked     when the registry last said that the tag still means this
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/manifest.h"
#include "core/image/reference.h"
#include "core/image/writable_layout.h"

namespace schedkit {

struct StoredImage {
  std::string reference;     // normalised; "oci:STORE:TAG" for what another tool tagged in its own way
  bool current = true;       // false: a former version of the reference
  Digest top;                // what the reference named: the manifest, or an index that lists it
  Descriptor entry;          // as in the index
  std::int64_t pulled = 0;   // 0: another tool put it there
  std::int64_t checked = 0;  // 0: never

  bool operator==(const StoredImage&) const = default;
};

// The reference without tag and digest.
std::string repository_of(const std::string& reference);

class StoreIndex {
 public:
  // `path`: that of the layout.
  static Result<StoreIndex> read(const WritableLayout& layout, const std::string& path, const ImageLimits& limits);

  const std::vector<StoredImage>& images() const { return images_; }

  // What the reference names now; with a digest, any version of the same repository that has it.
  const StoredImage* find(const Reference& reference) const;

  // The present image of the same reference, if it is another one, becomes a former version.
  void put(const StoredImage& image);
  void set_checked(const std::string& reference, std::int64_t checked);
  // Removes the entries equal to `image`.
  void remove(const StoredImage& image);

  Result<void> write(const WritableLayout& layout) const;

 private:
  Json index_;             // "manifests" is empty, its entries are in raw_
  std::vector<Json> raw_;  // as images_
  std::vector<StoredImage> images_;
};

}  // namespace schedkit
