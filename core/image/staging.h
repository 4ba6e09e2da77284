// A private directory in which an image is put together before it is published:
//   blobs/HEX        complete or half written blobs
//   image/rootfs/    what becomes rootfs/DIGEST of the store
//   evidence         what becomes a file of evidence/ in the store
// Its owner holds a flock(2) on it, so that what a killed process left is told from what one is working on.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/image/digest.h"

namespace schedkit {

class Staging {
 public:
  // `parent`: an existing directory.
  static Result<Staging> make(const std::string& parent);

  // Removes what abandoned directories below `parent` hold. With `keep`, an existing directory, large blobs are moved
  // there, whole or not, each under its name: what a killed process fetched needs not be fetched again.
  static Result<void> remove_abandoned(const std::string& parent, const std::string& keep = "");

  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;
  // Removes the directory with all that is still in it; may block. What cannot be removed is left to the next
  // remove_abandoned().
  ~Staging();

  std::string image() const { return path_ + "/image"; }
  std::string rootfs() const { return path_ + "/image/rootfs"; }
  std::string blobs() const { return path_ + "/blobs"; }
  std::string evidence() const { return path_ + "/evidence"; }
  std::string blob_path(const Digest& digest) const { return blobs() + "/" + blob_name(digest); }
  static std::string blob_name(const Digest& digest) { return digest.algorithm + "-" + digest.hex; }

 private:
  Staging(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;  // empty when moved from
  UniqueFd lock_;
};

// Writes a file of a staging directory. It is not synced: that is done for all of them at once, before publishing.
Result<void> write_staged(const std::string& path, std::string_view bytes);

}  // namespace schedkit
