#include "core/image/registry/client.h"

#include <random>
#include <utility>

#include "core/base/text.h"
#include "core/image/registry/blob_queue.h"
#include "core/image/registry/calls.h"

namespace schedkit {
namespace {

// A blob that is wanted whole in memory.
class DocumentCall final : public RegistryCall, private BlobSink {
 public:
  DocumentCall(registry::Context& context, registry::BlobQueue& queue, Reference reference, Descriptor blob,
               std::size_t limit, std::function<void(Result<std::string>)> done)
      : queue_(queue),
        reference_(std::move(reference)),
        blob_(std::move(blob)),
        done_(std::move(done)),
        later_(context.loop) {
    if (blob_.size <= limit) {
      ask();
      return;
    }
    later_.set(Duration::zero(), [this, limit] {
      finish(fail(Errc::limit, "{} of {} is larger than the {} allowed", blob_.digest.to_string(),
                  format_size(blob_.size), format_size(limit)));
    });
  }

 private:
  Result<HttpFlow> write(std::string_view bytes) override {
    bytes_.append(bytes);
    return HttpFlow::more;
  }

  void ask() {
    bytes_.clear();
    call_ = queue_.add(reference_, blob_, {}, *this, [this](Result<BlobEnd> end) {
      if (!end) return finish(fail(std::move(end.error())));
      // It went to somebody else's sink, out of our reach.
      if (*end == BlobEnd::elsewhere) return ask();
      finish(std::move(bytes_));
    });
  }

  void finish(Result<std::string> bytes) {
    const auto done = std::move(done_);
    done(std::move(bytes));
  }

  registry::BlobQueue& queue_;
  Reference reference_;
  Descriptor blob_;
  std::function<void(Result<std::string>)> done_;
  Timer later_;
  std::string bytes_;
  std::unique_ptr<BlobCall> call_;
};

std::function<double()> some_random() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

struct RegistryClient::Impl {
  registry::Context context;
  registry::BlobQueue blobs{context};
};

RegistryClient::RegistryClient(Loop& loop, HttpClient& http, const Clock& clock, RegistrySettings settings,
                               ImageLimits limits, RegistryHooks hooks) {
  if (!hooks.random) hooks.random = some_random();
  impl_.reset(new Impl{{loop, http, clock, std::move(settings), limits, std::move(hooks), {}, {}, {}, {}}});
}

RegistryClient::~RegistryClient() = default;

RegistryCallPtr RegistryClient::resolve(const Reference& reference, std::function<void(Result<Resolved>)> done) {
  return registry::resolve(impl_->context, reference, std::move(done));
}

RegistryCallPtr RegistryClient::fetch_manifest(const Reference& reference,
                                               std::function<void(Result<FetchedManifest>)> done) {
  return registry::fetch_manifest(impl_->context, reference, std::move(done));
}

std::unique_ptr<BlobCall> RegistryClient::fetch_blob(const Reference& reference, const Descriptor& blob,
                                                     BlobStart start, BlobSink& sink,
                                                     std::function<void(Result<BlobEnd>)> done) {
  return impl_->blobs.add(reference, blob, std::move(start), sink, std::move(done));
}

RegistryCallPtr RegistryClient::fetch_document(const Reference& reference, const Descriptor& blob, std::size_t limit,
                                               std::function<void(Result<std::string>)> done) {
  return std::make_unique<DocumentCall>(impl_->context, impl_->blobs, reference, blob, limit, std::move(done));
}

RegistryCallPtr RegistryClient::list_tags(const Reference& reference, std::size_t limit,
                                          std::function<void(Result<TagList>)> done) {
  return registry::list_tags(impl_->context, reference, limit, std::move(done));
}

RegistryCallPtr RegistryClient::list_referrers(const Reference& reference, const Digest& subject,
                                               std::function<void(Result<std::vector<Descriptor>>)> done) {
  return registry::list_referrers(impl_->context, reference, subject, std::move(done));
}

RegistryCallPtr RegistryClient::push_blob(const Reference& reference, const Descriptor& blob, std::string path,
                                          std::function<void(Result<void>)> done) {
  return registry::push_blob(impl_->context, reference, blob, std::move(path), std::move(done));
}

RegistryCallPtr RegistryClient::push_manifest(const Reference& reference, std::string bytes, std::string media_type,
                                              std::function<void(Result<Digest>)> done) {
  return registry::push_manifest(impl_->context, reference, std::move(bytes), std::move(media_type), std::move(done));
}

}  // namespace schedkit
