#include "core/image/trust/collect_signatures.h"

#include <deque>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

// Two walks at the same time, each one request after the other: cosign's tag, and the referrers.
class Collector final : public RemoteCall {
 public:
  Collector(ImageRemote& remote, const Reference& reference, std::vector<Digest> digests,
            std::function<void(CollectedSignatures)> done)
      : remote_(remote), reference_(reference), digests_(digests.begin(), digests.end()), done_(std::move(done)) {
    ask();
  }

 private:
  void ask() {
    digest_ = std::move(digests_.front());
    digests_.pop_front();
    walks_ = 2;
    Reference tag = reference_;
    tag.digest.reset();
    tag.tag = signature_tag(digest_);
    simple_call_ =
        remote_.fetch_manifest(tag, [this](Result<RemoteDocument> manifest) { take_signatures(std::move(manifest)); });
    bundle_call_ = remote_.list_referrers(
        reference_, digest_, [this](Result<std::vector<Descriptor>> found) { take_referrers(std::move(found)); });
  }

  void take_signatures(Result<RemoteDocument> manifest) {
    if (!manifest) {
      if (manifest.error().code != Errc::not_found) note(std::move(manifest.error()));
      return end_walk();
    }
    auto blobs = simple_signature_blobs(manifest->bytes);
    if (!blobs) {
      note(std::move(blobs.error()));
      return end_walk();
    }
    payloads_.assign(blobs->begin(), blobs->end());
    next_payload();
  }

  void next_payload() {
    if (payloads_.empty()) return end_walk();
    const Descriptor blob = std::move(payloads_.front());
    payloads_.pop_front();
    simple_call_ = remote_.fetch_document(reference_, blob, [this, blob](Result<std::string> payload) {
      std::size_t size = payload ? payload->size() : 0;
      for (const auto& [key, value] : blob.annotations) size += key.size() + value.size();
      if (!payload) {
        note(std::move(payload.error()));
      } else if (has_room(size)) {
        collected_.material.simple.push_back({std::move(*payload), blob.annotations});
      }
      next_payload();
    });
  }

  void take_referrers(Result<std::vector<Descriptor>> found) {
    if (found) {
      const auto listed = found->size();
      const auto chosen = referrers_to_fetch(std::move(*found));
      referrers_.assign(chosen.begin(), chosen.end());
      if (chosen.size() < listed) {
        note({Errc::limit, fmt::format("{} of {} referrers were looked at", chosen.size(), listed), {}});
      }
    } else if (found.error().code != Errc::not_found) {
      note(std::move(found.error()));
    }
    next_referrer();
  }

  void next_referrer() {
    if (referrers_.empty()) return end_walk();
    Reference referrer = reference_;
    referrer.digest = std::move(referrers_.front().digest);
    referrers_.pop_front();
    bundle_call_ = remote_.fetch_manifest(
        referrer, [this](Result<RemoteDocument> manifest) { take_referrer(std::move(manifest)); });
  }

  void take_referrer(Result<RemoteDocument> manifest) {
    if (!manifest) {
      note(std::move(manifest.error()));
      return next_referrer();
    }
    auto blob = bundle_blob(manifest->bytes, digest_);
    if (!blob) note(std::move(blob.error()));
    if (!blob || !*blob) return next_referrer();
    bundle_call_ = remote_.fetch_document(reference_, **blob, [this](Result<std::string> bundle) {
      if (!bundle) {
        note(std::move(bundle.error()));
      } else if (has_room(bundle->size())) {
        collected_.material.bundles.push_back(std::move(*bundle));
      }
      next_referrer();
    });
  }

  bool has_room(std::size_t size) {
    if (size <= most_material - bytes_) {
      bytes_ += size;
      return true;
    }
    note({Errc::limit, fmt::format("there is more than {} of signatures", format_size(most_material)), {}});
    return false;
  }

  void note(Error error) {
    if (!collected_.trouble) collected_.trouble = std::move(error);
  }

  void end_walk() {
    if (--walks_ > 0) return;
    if (collected_.material.empty() && !digests_.empty()) return ask();
    const auto done = std::move(done_);
    done(std::move(collected_));
  }

  ImageRemote& remote_;
  const Reference reference_;
  std::deque<Digest> digests_;  // still to be asked about
  Digest digest_;
  std::function<void(CollectedSignatures)> done_;
  CollectedSignatures collected_;
  std::size_t bytes_ = 0;
  std::deque<Descriptor> payloads_;
  std::deque<Descriptor> referrers_;
  int walks_ = 0;  // under way
  RemoteCallPtr simple_call_;
  RemoteCallPtr bundle_call_;
};

}  // namespace

RemoteCallPtr collect_signatures(ImageRemote& remote, const Reference& reference, std::vector<Digest> digests,
                                 std::function<void(CollectedSignatures)> done) {
  return std::make_unique<Collector>(remote, reference, std::move(digests), std::move(done));
}

}  // namespace schedkit
