// Pulling from and pushing to registries (distribution-spec 1.1) on the loop. Everything that arrives is checked against
// its digest; whom to believe about a digest is for core/image/trust to say, before blobs are fetched.
//
//   HttpClient http(loop);
//   RegistryClient registry(loop, http, clock, settings);
//   auto call = registry.fetch_manifest(reference, [&](Result<FetchedManifest> manifest) { … });
//   …
//   auto blob = registry.fetch_blob(reference, layer, {}, sink, [&](Result<BlobEnd> end) { … });
//   sink: write(bytes) { queue.append(bytes); return queue.size() > 8 MiB ? HttpFlow::pause : HttpFlow::more; }
//   once the queue is short again, on the loop thread: blob->resume();
//
// Every operation returns a RegistryCall. Destroying it cancels, at any moment and from any callback; nothing is called
// afterwards. `done` is called exactly once otherwise, never from inside the operation, and may destroy the call.
// Names are the logical ones: mirrors (registries.conf) are tried in order, then the registry itself, and messages name
// the one that was asked. What is tried again: broken connections, timeouts, 408, 429, 499, 500, 502, 503, 504 and 522;
// 3 times (429: 5 times), 1 s apart and growing, or as Retry-After says, up to 60 s. Errors, beside those of core/net:
//   not_found  no such image, tag or blob              denied     no access, or blocked by registries.conf
//   integrity  the content is not that of its digest   busy       too many requests
//   invalid    an answer that is against the rules     unsupported a document type that we do not read
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/image/blob_start.h"
#include "core/image/digest.h"
#include "core/image/limits.h"
#include "core/image/manifest.h"
#include "core/image/reference.h"
#include "core/image/registry/retry.h"
#include "core/image/registry/settings.h"
#include "core/loop/loop.h"
#include "core/net/http.h"

namespace schedkit {

class RegistryCall {
 public:
  virtual ~RegistryCall() = default;
};
using RegistryCallPtr = std::unique_ptr<RegistryCall>;

// What a tag or digest names at present.
struct Resolved {
  Digest digest;
  std::string media_type;
  std::uint64_t size = 0;  // 0: not told
};

// A manifest or index exactly as it was served. Its digest is that of the bytes (and of the reference, if that has one);
// its media type agrees with the document, which is no mixture of the two kinds (CVE-2021-41190). Artifacts are served
// too: parse_document() says whether it can run.
struct FetchedManifest {
  std::string bytes;
  std::string media_type;
  Digest digest;
  std::string from;  // "host/repository" that served it, for people
};

// Takes a blob. The bytes are whole and right only once `done` was called without error.
class BlobSink {
 public:
  virtual ~BlobSink() = default;
  // The next bytes, at most 16 KiB, valid only during the call; never the same twice: interrupted downloads go on where
  // they ended, whatever the server makes of Range. `pause`: no more until BlobCall::resume(). An error ends the fetch
  // and is what `done` gets. Must not block: queue, and write elsewhere.
  virtual Result<HttpFlow> write(std::string_view bytes) = 0;
};

enum class BlobEnd {
  written,    // to this call's sink, from BlobStart on to the end
  elsewhere,  // an equal blob was under way for another call, which succeeded; nothing went to this sink
};

class BlobCall : public RegistryCall {
 public:
  virtual void resume() = 0;
};

struct TagList {
  std::vector<std::string> tags;  // in the registry's order
  bool more = false;              // there were more than asked for
};

struct RegistryHooks {
  RetryPolicy retry = {};
  std::function<double()> random = {};  // in [0, 1); empty: std::random_device
  // The text of a "Warning: 299" that a registry sent, once per text; "host: text".
  std::function<void(const std::string&)> warning = {};
};

class RegistryClient {
 public:
  // All must outlive it. `settings.auth_files` and certificates are read when a registry is first used and again when it
  // refuses us.
  RegistryClient(Loop& loop, HttpClient& http, const Clock& clock, RegistrySettings settings, ImageLimits limits = {},
                 RegistryHooks hooks = {});
  // All calls must be gone.
  ~RegistryClient();
  RegistryClient(const RegistryClient&) = delete;
  RegistryClient& operator=(const RegistryClient&) = delete;

  // With HEAD, which registries do not count as a pull; GET where HEAD tells no digest.
  [[nodiscard]] RegistryCallPtr resolve(const Reference& reference, std::function<void(Result<Resolved>)> done);

  // By the reference's digest if it has one, else by its tag.
  [[nodiscard]] RegistryCallPtr fetch_manifest(const Reference& reference,
                                               std::function<void(Result<FetchedManifest>)> done);

  // A blob of `reference`'s repository into `sink`, which must live as long as the call. At most `settings.parallel` at
  // once, others wait their turn. The descriptor's `urls` are never used (CVE-2020-15157).
  [[nodiscard]] std::unique_ptr<BlobCall> fetch_blob(const Reference& reference, const Descriptor& blob,
                                                     BlobStart start, BlobSink& sink,
                                                     std::function<void(Result<BlobEnd>)> done);

  // The same for a small one, as config and signatures are: Errc::limit when its size exceeds `limit`.
  [[nodiscard]] RegistryCallPtr fetch_document(const Reference& reference, const Descriptor& blob, std::size_t limit,
                                               std::function<void(Result<std::string>)> done);

  // At most `limit` tags of the repository; what is no tag by the grammar is left out.
  [[nodiscard]] RegistryCallPtr list_tags(const Reference& reference, std::size_t limit,
                                          std::function<void(Result<TagList>)> done);

  // What refers to `subject` (distribution-spec, "Listing Referrers"), at most 64: the referrers API, else the tag
  // ALGORITHM-HEX. Empty when there are none. Their artifactType is often wrong (cosign #4641), so nothing is filtered;
  // each one's manifest must be fetched by digest and its subject compared.
  [[nodiscard]] RegistryCallPtr list_referrers(const Reference& reference, const Digest& subject,
                                               std::function<void(Result<std::vector<Descriptor>>)> done);

  // Sends the file at `path`, which must hold what `blob` says, unless the registry has it. Never to a mirror.
  [[nodiscard]] RegistryCallPtr push_blob(const Reference& reference, const Descriptor& blob, std::string path,
                                          std::function<void(Result<void>)> done);

  // Under the reference's tag if it has one, else by digest. Its blobs must be there. Gives the digest.
  [[nodiscard]] RegistryCallPtr push_manifest(const Reference& reference, std::string bytes, std::string media_type,
                                              std::function<void(Result<Digest>)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
