// Registries for a program that asks, waits and ends.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/image/layout.h"
#include "core/image/registry/client.h"
#include "core/loop/loop.h"
#include "core/net/http.h"

namespace schedkit {

class BlockingRegistry {
 public:
  // As containers tools are configured below `root`; credentials are this user's.
  static Result<std::unique_ptr<BlockingRegistry>> open(const std::string& root);

  Loop& loop() { return loop_; }
  RegistryClient& client() { return client_; }

  Result<FetchedManifest> manifest(const Reference& reference);

  // `begin` starts a call and gives it its `done`: wait<T>([&](auto done) { return client().…(…, done); }).
  template <class T, class Begin>
  Result<T> wait(Begin begin) {
    std::optional<Result<T>> answer;
    const auto call = begin([&answer](Result<T> result) { answer = std::move(result); });
    while (!answer && loop_.run_once(true)) {
    }
    return answer ? std::move(*answer) : Result<T>(fail(Errc::failed, "the loop ended before the answer came"));
  }

 private:
  explicit BlockingRegistry(RegistrySettings settings);

  Loop loop_;
  SystemClock clock_;
  HttpClient http_{loop_};
  RegistryClient client_;
};

// The documents of one image in a registry, fetched when they are asked for and kept.
class RemoteDocuments final : public BlobSource {
 public:
  // Both must outlive it.
  RemoteDocuments(BlockingRegistry& registry, const Reference& reference)
      : registry_(registry), reference_(reference) {}

  Result<std::unique_ptr<ByteSource>> open_blob(const Descriptor& descriptor) override;

  void keep(const Digest& digest, std::string text) { texts_[digest] = std::move(text); }
  const std::string& text(const Digest& digest) const { return texts_.at(digest); }

 private:
  Result<std::string> fetch(const Descriptor& descriptor);

  BlockingRegistry& registry_;
  const Reference& reference_;
  std::map<Digest, std::string> texts_;
};

}  // namespace schedkit
