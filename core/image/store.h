// The images on this machine. Below its root (0700):
//   store/                           an OCI image layout that skopeo, umoci and oras read and write: what was pulled from
//                                    registries, blobs included (store_index.h)
//   rootfs/ALGORITHM-HEX/rootfs/     a flattened image; the name is the digest of the platform's manifest
//   rootfs/ALGORITHM-HEX/meta.json   what RunnableImage needs, so that a start needs neither layout nor network
//   refs.json                        layout reference → digest found there last, and the manifest chosen from it
//   evidence/HEX.json                why an image was admitted, by its reference and digest (admission.h)
//   tmp/                             staging (staging.h); its parts are renamed to their places when complete and synced
//   partial/ALGORITHM-HEX            what a killed process had of a blob; used by the next pull, removed by prune()
//   lock                             flock(2), held while anything of the above but tmp/ is changed
//
// A crash at any point leaves the store as it was, at most with parts that nothing refers to; prune() removes those.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/image/blob_start.h"
#include "core/image/layout.h"
#include "core/image/limits.h"
#include "core/image/platform.h"
#include "core/image/reference.h"
#include "core/image/refs.h"
#include "core/image/retention.h"
#include "core/image/staging.h"
#include "core/image/store_index.h"
#include "core/image/trust.h"
#include "core/policy/image.h"

namespace schedkit {

struct StoreOptions {
  std::string root = "/var/lib/schedkit";  // absolute
  ImageLimits limits;
  Platform host = host_platform();
  std::function<Result<UniqueFd>(const std::string& path)> open_layout = root_owned_layout;  // decides on trust
  std::function<Result<std::uint64_t>(const std::string& path)> free_bytes;                  // empty: statvfs
};

// All calls may block and may come from any thread at the same time; several processes may share one store.
class Store {
 public:
  // Makes the directories and removes what interrupted work left in tmp/. On a read-only disk a store that is there can
  // be read.
  static Result<Store> open(StoreOptions options = {});

  const StoreOptions& options() const { return options_; }

  // Makes an image of an oci: layout runnable, or one of a registry that the store holds: Errc::not_found when it does
  // not. A layout's index is read each time, so a tag that moved is seen; if the layout is gone altogether, what was
  // unpacked from it last is used. A directory that is half there is rebuilt. On errors the store is as before.
  Result<RunnableImage> prepare(const Reference& reference) const;

  // An unpacked image by the digest of its manifest; none when it is not there or not whole.
  std::optional<RunnableImage> find(const Digest& manifest) const;

  // What the store holds of a registry's reference, unpacked or not; Errc::not_found.
  Result<StoredImage> stored(const Reference& reference) const;
  // The registry said at `image.checked` that the reference still means `image`. Evidence that is not empty replaces
  // what is known.
  Result<void> renew(const StoredImage& image, const std::string& evidence = "") const;
  // Why `image` was admitted, as publish() got it; "" when nothing is known.
  std::string evidence(const StoredImage& image) const;

  // --- bringing an image in: stage(), fill its blobs, unpack(), publish() ---

  // Errc::limit when the disk has not room enough for `compressed` bytes of layers and what they unpack to.
  Result<Staging> stage(std::uint64_t compressed) const;
  // Links a blob that the store has into `staging`. False when it has none or a damaged one; reads it in full.
  bool borrow(const Staging& staging, const Descriptor& blob) const;
  // Moves what an interrupted pull left of `blob` into `staging`, to go on from there; reads it. Whether it is right
  // only the whole blob's digest will tell.
  BlobStart resume(const Staging& staging, const Descriptor& blob) const;
  Result<void> unpack(const Staging& staging, BlobSource& blobs, const LoadedImage& image,
                      const RunnableImage& runnable) const;
  // `image`: from a registry, with its blobs in `staging`; none when only the unpacked tree is to be kept. The image it
  // replaces stays as a former version.
  Result<RunnableImage> publish(const Staging& staging, const Digest& manifest, const StoredImage* image,
                                const std::string& evidence = "") const;

  // --- keeping (store_keeping.cc) ---

  struct Item {
    StoredImage image;           // `entry` of a layout's image: only its digest is known
    Digest manifest;             // what runs here; equal to entry.digest but for indexes of other tools
    std::uint64_t blobs = 0;     // bytes
    std::uint64_t unpacked = 0;  // bytes on the disk; 0: not unpacked
  };
  // Sorted by reference, the present version before former ones, the newest first.
  Result<std::vector<Item>> list() const;

  struct Removed {
    std::vector<StoredImage> images;
    std::uint64_t freed = 0;  // bytes
    std::uint64_t left = 0;
  };
  // The present and all former versions of a reference. Errc::busy names what needs it, if `keep` does.
  Result<Removed> remove(const Reference& reference, const Keep& keep) const;
  // What retention.h says, and what nothing refers to. Blobs that another tool may be writing now are left alone.
  Result<Removed> prune(const Keep& keep, const Retention& retention, bool all) const;

  // Reads everything; one line for each thing that is wrong.
  Result<std::vector<std::string>> verify() const;

 private:
  class Sweep;

  Result<void> remove_partial() const;

  explicit Store(StoreOptions options) : options_(std::move(options)) {}

  std::string layout_path() const { return options_.root + "/store"; }
  std::string image_path(const Digest& manifest) const;
  std::string evidence_path(const StoredImage& image) const;
  Result<UniqueFd> lock() const;
  Result<WritableLayout> layout() const { return WritableLayout::open(layout_path(), 0700); }
  Result<StoreIndex> index() const;
  std::optional<LayoutRecord> record_of(const std::string& reference) const;
  Result<void> remember(const std::string& reference, const LayoutRecord& record) const;
  Result<RunnableImage> recall(const std::string& reference, Error why) const;
  Result<RunnableImage> prepare_stored(const Reference& reference) const;
  Result<RunnableImage> load(Layout& layout, const Descriptor& top, const std::string& reference) const;
  Result<void> build(Layout& layout, const LoadedImage& image) const;
  std::optional<std::string> check_tree(Layout& layout, const LoadedImage& image) const;
  // Moves; names the directories to be synced.
  Result<void> publish_blobs(const Staging& staging, std::set<std::string>& moved_to) const;
  Result<void> publish_tree(const Staging& staging, const Digest& manifest) const;

  StoreOptions options_;
};

}  // namespace schedkit
