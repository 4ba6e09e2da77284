// Private to core/image/registry: which blobs are fetched now, which wait.
#pragma once

#include <list>
#include <memory>

#include "core/image/registry/blob_fetch.h"

namespace schedkit::registry {

class BlobQueue {
 public:
  explicit BlobQueue(Context& context) : context_(context), timer_(context.loop) {}

  std::unique_ptr<BlobCall> add(const Reference& reference, const Descriptor& blob, BlobStart start, BlobSink& sink,
                                std::function<void(Result<BlobEnd>)> done);

 private:
  class Call;

  void remove(Call& call);
  void ended(Call& call, Result<void> result);
  void admit_later();
  void admit();
  bool under_way(const Digest& digest) const;

  Context& context_;
  Timer timer_;
  std::list<Call*> waiting_;
  std::list<Call*> running_;
  std::vector<Call*> served_;  // an equal blob came for another; they are to be told
};

}  // namespace schedkit::registry
