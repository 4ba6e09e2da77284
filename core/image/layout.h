// Reading an OCI image layout directory (image-spec, image-layout.md), the form in which images lie on a disk.
// Every blob is verified by size and digest while it is read. No path is resolved outside the directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/image/byte_source.h"
#include "core/image/manifest.h"
#include "core/image/reference.h"

namespace schedkit {

// Where the blobs of an image come from: a layout here, a registry later. Used from one thread at a time.
class BlobSource {
 public:
  virtual ~BlobSource() = default;

  // Verified on its way; must not outlive this.
  virtual Result<std::unique_ptr<ByteSource>> open_blob(const Descriptor& descriptor) = 0;
};

// A manifest, index or config; Errc::limit beyond `limits.document_bytes`.
Result<std::string> read_document(BlobSource& blobs, const Descriptor& descriptor, const ImageLimits& limits);

// A blob in a file of its own.
Result<std::unique_ptr<ByteSource>> open_blob_file(const std::string& path, const Descriptor& descriptor);

class Layout final : public BlobSource {
 public:
  static Result<Layout> open(const std::string& path, const ImageLimits& limits = {});
  // `directory` is the opened layout; `path` is for messages.
  static Result<Layout> open(UniqueFd directory, std::string path, const ImageLimits& limits = {});

  const Index& index() const { return index_; }

  // Where a blob lies, if it is there.
  std::string blob_path(const Digest& digest) const { return path_ + "/blobs/" + digest.algorithm + "/" + digest.hex; }

  // The entry that the reference's digest or tag (annotation org.opencontainers.image.ref.name) names; several entries
  // of one tag are told apart by `host`. Without both the layout must hold exactly one image.
  Result<Descriptor> find(const Reference& reference, const Platform& host) const;

  Result<std::unique_ptr<ByteSource>> open_blob(const Descriptor& descriptor) override;

 private:
  Layout(UniqueFd directory, std::string path) : directory_(std::move(directory)), path_(std::move(path)) {}
  std::string tags() const;

  UniqueFd directory_;
  std::string path_;
  Index index_;
};

// An image for this machine whose documents were read and fit each other; its layers were not looked at yet.
struct LoadedImage {
  Digest digest;  // of the manifest
  Manifest manifest;
  ImageConfig config;
};

// From `top`, a manifest or an index, at most one index nested in it. Reads nothing but documents.
Result<LoadedImage> load_image(BlobSource& blobs, const Descriptor& top, const Platform& host,
                               const ImageLimits& limits);

}  // namespace schedkit
