#include "tests/core/image/fake_remote.h"

#include <utility>

#include "core/image/hasher.h"
#include "core/image/layout.h"
#include "core/loop/timer.h"

namespace schedkit::test {

class FakeRemote::Call : public RemoteCall {
 public:
  explicit Call(FakeRemote& owner) : owner_(owner), timer_(owner.loop_) { ++owner_.open; }
  ~Call() override { --owner_.open; }

  void later(std::function<void()> then) { timer_.set(Duration(0), std::move(then)); }

 protected:
  FakeRemote& owner_;

 private:
  Timer timer_;
};

class FakeRemote::BlobCall final : public Call {
 public:
  BlobCall(FakeRemote& owner, std::string digest, std::string bytes, BlobStart start, Write write,
           std::function<void(Result<bool>)> done)
      : Call(owner),
        digest_(std::move(digest)),
        bytes_(std::move(bytes)),
        write_(std::move(write)),
        done_(std::move(done)),
        at_(start.offset) {
    if (start.hasher) hasher_ = std::move(*start.hasher);
    go_on();
  }

  void resume() override { go_on(); }

 private:
  void go_on() {
    later([this] { step(); });
  }

  void step() {
    const auto elsewhere = owner_.elsewhere.find(digest_);
    if (elsewhere != owner_.elsewhere.end() && elsewhere->second-- > 0) return finish(false);
    const bool half = at_ >= bytes_.size() / 2;
    if (half && owner_.stuck.contains(digest_)) return;
    const auto broken = owner_.broken.find(digest_);
    if (half && broken != owner_.broken.end()) return finish(fail(broken->second));
    if (at_ == bytes_.size()) return finish(check());
    const auto piece = std::string_view(bytes_).substr(at_, owner_.piece);
    at_ += piece.size();
    owner_.sent += piece.size();
    hasher_.update(piece);
    const auto more = write_(piece);
    if (!more) return finish(fail(more.error()));
    if (!*more) {
      ++owner_.paused;
    } else {
      go_on();
    }
  }

  Result<bool> check() {
    if (hasher_.finish()->to_string() == digest_) return true;
    return fail(Errc::integrity, "{} has another digest", digest_);
  }

  void finish(Result<bool> result) {
    const auto done = std::move(done_);
    done(std::move(result));
  }

  std::string digest_;
  std::string bytes_;
  Write write_;
  std::function<void(Result<bool>)> done_;
  Hasher hasher_;
  std::size_t at_;
};

Result<std::string> FakeRemote::content(const Digest& digest) const {
  if (down) return fail(*down);
  const std::string name = digest.to_string();
  if (const auto refusal = refused.find(name); refusal != refused.end()) return fail(refusal->second);
  const auto own = documents.find(name);
  std::string bytes = own != documents.end() ? own->second : read(layout_ + "/blobs/sha256/" + digest.hex);
  if (bytes.empty()) return fail(Errc::not_found, "{} is not in the registry", name);
  return bytes;
}

Result<RemoteDocument> FakeRemote::find(const Reference& reference) const {
  if (down) return fail(*down);
  if (const auto refusal = refused.find(reference.tag); refusal != refused.end()) return fail(refusal->second);
  if (const auto own = tags.find(reference.tag); own != tags.end() && !reference.digest) {
    return RemoteDocument{own->second, "application/vnd.oci.image.manifest.v1+json", *digest_of(own->second)};
  }
  Reference there = *parse_reference("oci:" + layout_ + ":" + (reference.tag.empty() ? "latest" : reference.tag));
  RemoteDocument document;
  if (reference.digest) {
    document.digest = *reference.digest;
    auto bytes = content(document.digest);
    if (!bytes) return fail(bytes.error());
    document.bytes = std::move(*bytes);
    const bool index = document.bytes.find("\"manifests\"") != std::string::npos;
    document.media_type =
        index ? "application/vnd.oci.image.index.v1+json" : "application/vnd.oci.image.manifest.v1+json";
    return document;
  }
  auto layout = Layout::open(layout_);
  if (!layout) return fail(layout.error());
  auto entry = layout->find(there, host_platform());
  if (!entry) return fail(entry.error());
  document.digest = entry->digest;
  document.media_type = entry->media_type;
  document.bytes = read(layout_ + "/blobs/sha256/" + entry->digest.hex);
  return document;
}

RemoteCallPtr FakeRemote::resolve(const Reference& reference, std::function<void(Result<Digest>)> done) {
  ++resolved;
  auto call = std::make_unique<Call>(*this);
  call->later([this, reference, done = std::move(done)] {
    auto found = find(reference);
    done(found ? Result<Digest>(found->digest) : fail(found.error()));
  });
  return call;
}

RemoteCallPtr FakeRemote::fetch_manifest(const Reference& reference, std::function<void(Result<RemoteDocument>)> done) {
  ++manifests;
  auto call = std::make_unique<Call>(*this);
  call->later([this, reference, done = std::move(done)] { done(find(reference)); });
  return call;
}

RemoteCallPtr FakeRemote::fetch_document(const Reference&, const Descriptor& blob,
                                         std::function<void(Result<std::string>)> done) {
  auto call = std::make_unique<Call>(*this);
  call->later([this, blob, done = std::move(done)] { done(content(blob.digest)); });
  return call;
}

RemoteCallPtr FakeRemote::list_referrers(const Reference&, const Digest& subject,
                                         std::function<void(Result<std::vector<Descriptor>>)> done) {
  auto call = std::make_unique<Call>(*this);
  if (silent) return call;
  call->later([this, subject, done = std::move(done)]() -> void {
    const auto refusal = refused.find("referrers");
    if (down) return done(fail(*down));
    if (refusal != refused.end()) return done(fail(refusal->second));
    const auto found = referrers.find(subject.to_string());
    done(found == referrers.end() ? std::vector<Descriptor>() : found->second);
  });
  return call;
}

RemoteCallPtr FakeRemote::fetch_blob(const Reference&, const Descriptor& blob, BlobStart start, Write write,
                                     std::function<void(Result<bool>)> done) {
  ++blobs;
  return std::make_unique<BlobCall>(*this, blob.digest.to_string(), read(layout_ + "/blobs/sha256/" + blob.digest.hex),
                                    std::move(start), std::move(write), std::move(done));
}

namespace {

class Later final : public RemoteCall {
 public:
  Later(Loop& loop, std::function<void()> call) : timer_(loop) { timer_.set(Duration(0), std::move(call)); }

 private:
  Timer timer_;
};

Error refusal(const Reference& reference) { return {Errc::denied, reference.to_string() + " is not trusted"}; }

}  // namespace

RemoteCallPtr FakeAdmission::admit(Candidate candidate, Done done) {
  ++asked;
  Result<std::string> answer = "good: " + candidate.top.to_string();
  if (!trusting) answer = fail(refusal(candidate.reference));
  return std::make_unique<Later>(loop_, [done = std::move(done), answer = std::move(answer)] { done(answer); });
}

Result<TrustRecord> FakeAdmission::recheck(const Reference& reference, const StoredImage& image,
                                           const std::string& evidence) const {
  if (trusting && reference.kind == Reference::Kind::layout) return TrustRecord{};
  if (trusting && evidence == "good: " + image.top.to_string()) return TrustRecord{};
  return fail(refusal(reference));
}

}  // namespace schedkit::test
