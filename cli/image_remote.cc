#include "cli/image_remote.h"

#include <utility>

#include "core/loop/timer.h"

namespace schedkit {

namespace {

class Later final : public RemoteCall {
 public:
  Later(Loop& loop, std::function<void()> call) : timer_(loop) { timer_.set(Duration(0), std::move(call)); }

 private:
  Timer timer_;
};

// Until the registry client is part of the build.
class NoRemote final : public ImageRemote {
 public:
  explicit NoRemote(Loop& loop) : loop_(loop) {}

  RemoteCallPtr resolve(const Reference& reference, std::function<void(Result<Digest>)> done) override {
    return refuse<Digest>(reference, std::move(done));
  }
  RemoteCallPtr fetch_manifest(const Reference& reference, std::function<void(Result<RemoteDocument>)> done) override {
    return refuse<RemoteDocument>(reference, std::move(done));
  }
  RemoteCallPtr fetch_document(const Reference& reference, const Descriptor&,
                               std::function<void(Result<std::string>)> done) override {
    return refuse<std::string>(reference, std::move(done));
  }
  RemoteCallPtr fetch_blob(const Reference& reference, const Descriptor&, Write,
                           std::function<void(Result<bool>)> done) override {
    return refuse<bool>(reference, std::move(done));
  }

 private:
  template <class T>
  RemoteCallPtr refuse(const Reference& reference, std::function<void(Result<T>)> done) {
    return std::make_unique<Later>(loop_, [done = std::move(done), name = reference.to_string()] {
      done(fail(Errc::unsupported,
                "{} is not in the store and this build cannot ask registries; copy it there: skopeo copy "
                "docker://{} oci:/var/lib/schedkit/store:{}",
                name, name, name));
    });
  }

  Loop& loop_;
};

}  // namespace

std::unique_ptr<ImageRemote> make_image_remote(Loop& loop, const Clock&, const Settings&) {
  return std::make_unique<NoRemote>(loop);
}

}  // namespace schedkit
