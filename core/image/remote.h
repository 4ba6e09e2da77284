// Where images come from over a network, as far as pulling needs it. cli/image_remote.h makes the real one. All on the
// loop thread. A call that is destroyed is cancelled: nothing is called afterwards. `done` is called exactly once
// otherwise, never from inside the operation, and may destroy the call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/blob_start.h"
#include "core/image/digest.h"
#include "core/image/manifest.h"
#include "core/image/reference.h"

namespace schedkit {

class RemoteCall {
 public:
  virtual ~RemoteCall() = default;
  virtual void resume() {}  // of a blob that was paused
};
using RemoteCallPtr = std::unique_ptr<RemoteCall>;

// Whether the same may succeed later, as when the network is not there.
inline bool may_pass(const Error& error) {
  return error.code == Errc::io || error.code == Errc::timeout || error.code == Errc::busy;
}

// A manifest or an index. `digest` is that of the bytes.
struct RemoteDocument {
  std::string bytes;
  std::string media_type;
  Digest digest;
};

class ImageRemote {
 public:
  virtual ~ImageRemote() = default;

  // What the tag means at present, without fetching it.
  [[nodiscard]] virtual RemoteCallPtr resolve(const Reference& reference, std::function<void(Result<Digest>)> done) = 0;

  // By the reference's digest, else by its tag.
  [[nodiscard]] virtual RemoteCallPtr fetch_manifest(const Reference& reference,
                                                     std::function<void(Result<RemoteDocument>)> done) = 0;

  // A config or another small blob of the reference's repository, checked against its digest.
  [[nodiscard]] virtual RemoteCallPtr fetch_document(const Reference& reference, const Descriptor& blob,
                                                     std::function<void(Result<std::string>)> done) = 0;

  // What refers to `subject` in the reference's repository, whatever it is; empty when nothing does.
  [[nodiscard]] virtual RemoteCallPtr list_referrers(const Reference& reference, const Digest& subject,
                                                     std::function<void(Result<std::vector<Descriptor>>)> done) = 0;

  // `write` gets the bytes after `start` in order, once; false pauses until resume(). They are right only when `done` was
  // called with true. False: an equal blob came in for somebody else meanwhile, and nothing was written here.
  using Write = std::function<Result<bool>(std::string_view bytes)>;
  [[nodiscard]] virtual RemoteCallPtr fetch_blob(const Reference& reference, const Descriptor& blob, BlobStart start,
                                                 Write write, std::function<void(Result<bool>)> done) = 0;
};

}  // namespace schedkit
