// Unpacked images on this machine. Below its root (0700):
//   rootfs/ALGORITHM-HEX/rootfs/     the flattened image; the name is the digest of the platform's manifest
//   rootfs/ALGORITHM-HEX/meta.json   what RunnableImage needs, so that a start needs neither layout nor network
//   refs.json                        reference → digest found there last, and the manifest chosen from it
//   tmp/                             staging; renamed into rootfs/ when complete and synced
//   lock                             flock(2), held while anything is built
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/image/layout.h"
#include "core/image/limits.h"
#include "core/image/platform.h"
#include "core/image/reference.h"
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
  // Makes the directories and removes what an interrupted unpack left in tmp/.
  static Result<Store> open(StoreOptions options = {});

  // Makes an image of an oci: layout runnable. The layout's index is read each time, so a tag that moved is seen; if
  // the layout is gone altogether, what was unpacked from it last is used. A directory that is half there is rebuilt.
  // On errors the store is as before.
  Result<RunnableImage> prepare(const Reference& reference) const;

  // An unpacked image by the digest of its manifest; none when it is not there or not whole.
  std::optional<RunnableImage> find(const Digest& manifest) const;

 private:
  struct Record {
    Digest top;       // what the reference named: an index or a manifest
    Digest manifest;  // of this platform
  };

  explicit Store(StoreOptions options) : options_(std::move(options)) {}

  std::string image_path(const Digest& manifest) const;
  Result<UniqueFd> lock(bool wait) const;
  Result<void> remove_leftovers() const;
  std::optional<Record> record_of(const std::string& reference) const;
  Result<void> remember(const std::string& reference, const Record& record) const;
  Result<RunnableImage> recall(const std::string& reference, Error why) const;
  Result<RunnableImage> load(Layout& layout, const Descriptor& top, const std::string& reference) const;
  Result<void> require_space(const Manifest& manifest) const;
  Result<void> build(Layout& layout, const LoadedImage& image, const RunnableImage& runnable) const;
  Result<void> fill(const std::string& staging, Layout& layout, const LoadedImage& image,
                    const RunnableImage& runnable) const;
  Result<void> publish(const std::string& staging, const Digest& manifest) const;

  StoreOptions options_;
};

}  // namespace schedkit
