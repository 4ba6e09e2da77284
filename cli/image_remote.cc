#include "cli/image_remote.h"

#include <optional>
#include <utility>

#include "config/registries.h"
#include "core/base/log.h"
#include "core/image/registry/client.h"
#include "core/loop/timer.h"

namespace schedkit {

namespace {

// A call of the client's as one of the port's.
class Call final : public RemoteCall {
 public:
  explicit Call(RegistryCallPtr call) : call_(std::move(call)) {}

 private:
  RegistryCallPtr call_;
};

class Blob final : public RemoteCall, private BlobSink {
 public:
  Blob(RegistryClient& client, const Reference& reference, const Descriptor& blob, BlobStart start,
       ImageRemote::Write write, std::function<void(Result<bool>)> done)
      : write_(std::move(write)) {
    call_ = client.fetch_blob(reference, blob, std::move(start), *this, [done = std::move(done)](Result<BlobEnd> end) {
      done(end ? Result<bool>(*end == BlobEnd::written) : fail(std::move(end.error())));
    });
  }

  void resume() override { call_->resume(); }

 private:
  Result<HttpFlow> write(std::string_view bytes) override {
    auto more = write_(bytes);
    if (!more) return fail(std::move(more.error()));
    return *more ? HttpFlow::more : HttpFlow::pause;
  }

  ImageRemote::Write write_;
  std::unique_ptr<BlobCall> call_;
};

class Refusal final : public RemoteCall {
 public:
  Refusal(Loop& loop, std::function<void()> refuse) : timer_(loop) { timer_.set(Duration(0), std::move(refuse)); }

 private:
  Timer timer_;
};

class RegistryRemote final : public ImageRemote {
 public:
  // With `broken` nothing is asked: a rule that blocks might be among those that cannot be read.
  RegistryRemote(Loop& loop, const Clock& clock, RegistrySettings settings, std::optional<Error> broken)
      : loop_(loop),
        broken_(std::move(broken)),
        // Questions must not wait behind blobs.
        http_(loop, {.connections = static_cast<long>(settings.parallel) + 2}),
        client_(loop, http_, clock, std::move(settings), {},
                {.warning = [](const std::string& text) { log::warning("{}", text); }}) {}

  RemoteCallPtr resolve(const Reference& reference, std::function<void(Result<Digest>)> done) override {
    if (broken_) return refuse(std::move(done));
    return wrap(client_.resolve(reference, [done = std::move(done)](Result<Resolved> found) {
      done(found ? Result<Digest>(std::move(found->digest)) : fail(std::move(found.error())));
    }));
  }

  RemoteCallPtr fetch_manifest(const Reference& reference, std::function<void(Result<RemoteDocument>)> done) override {
    if (broken_) return refuse(std::move(done));
    return wrap(client_.fetch_manifest(reference, [done = std::move(done)](Result<FetchedManifest> found) {
      if (!found) return done(fail(std::move(found.error())));
      done(RemoteDocument{std::move(found->bytes), std::move(found->media_type), std::move(found->digest)});
    }));
  }

  RemoteCallPtr fetch_document(const Reference& reference, const Descriptor& blob,
                               std::function<void(Result<std::string>)> done) override {
    return wrap(client_.fetch_document(reference, blob, ImageLimits().document_bytes, std::move(done)));
  }

  RemoteCallPtr list_referrers(const Reference& reference, const Digest& subject,
                               std::function<void(Result<std::vector<Descriptor>>)> done) override {
    if (broken_) return refuse(std::move(done));
    return wrap(client_.list_referrers(reference, subject, std::move(done)));
  }

  RemoteCallPtr fetch_blob(const Reference& reference, const Descriptor& blob, BlobStart start, Write write,
                           std::function<void(Result<bool>)> done) override {
    return std::make_unique<Blob>(client_, reference, blob, std::move(start), std::move(write), std::move(done));
  }

 private:
  static RemoteCallPtr wrap(RegistryCallPtr call) { return std::make_unique<Call>(std::move(call)); }

  template <class T>
  RemoteCallPtr refuse(std::function<void(Result<T>)> done) {
    return std::make_unique<Refusal>(loop_, [done = std::move(done), error = *broken_] { done(fail(error)); });
  }

  Loop& loop_;
  const std::optional<Error> broken_;
  HttpClient http_;
  RegistryClient client_;
};

}  // namespace

Result<RegistrySettings> registry_settings(const Settings& settings, const std::string& root) {
  const std::string conf = root + "/etc/containers/registries.conf";
  auto rules = load_registries(conf, conf + ".d");
  if (!rules) return fail(std::move(rules.error()));
  RegistrySettings registry;
  registry.rules = std::move(*rules);
  for (std::string& directory : registry.certificate_directories) directory.insert(0, root);
  registry.auth_files = default_auth_files();
  registry.parallel = settings.registry_parallel;
  registry.token_hosts = settings.token_hosts;
  registry.credential_helpers = settings.credential_helpers;
  return registry;
}

std::unique_ptr<ImageRemote> make_image_remote(Loop& loop, const Clock& clock, const Settings& settings,
                                               const std::string& root) {
  auto registry = registry_settings(settings, root);
  std::optional<Error> broken;
  if (!registry) broken = std::move(registry.error());
  return std::make_unique<RegistryRemote>(loop, clock, registry ? std::move(*registry) : RegistrySettings(),
                                          std::move(broken));
}

}  // namespace schedkit
