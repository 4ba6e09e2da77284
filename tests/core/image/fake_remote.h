// A registry in memory for the tests of pulling: it serves an OCI layout whose tags are references' tags, on the loop and
// in small pieces, and does badly what a test asks for.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/image/admission.h"
#include "core/image/remote.h"
#include "core/loop/loop.h"
#include "tests/core/image/image_fixture.h"

namespace schedkit::test {

class FakeRemote final : public ImageRemote {
 public:
  FakeRemote(Loop& loop, std::string layout) : loop_(loop), layout_(std::move(layout)) {}

  RemoteCallPtr resolve(const Reference& reference, std::function<void(Result<Digest>)> done) override;
  RemoteCallPtr fetch_manifest(const Reference& reference, std::function<void(Result<RemoteDocument>)> done) override;
  RemoteCallPtr fetch_document(const Reference& reference, const Descriptor& blob,
                               std::function<void(Result<std::string>)> done) override;
  RemoteCallPtr list_referrers(const Reference& reference, const Digest& subject,
                               std::function<void(Result<std::vector<Descriptor>>)> done) override;
  RemoteCallPtr fetch_blob(const Reference& reference, const Descriptor& blob, BlobStart start, Write write,
                           std::function<void(Result<bool>)> done) override;

  std::size_t piece = 64u << 10;
  std::optional<Error> down;             // the answer to everything
  std::map<std::string, Error> broken;   // by digest: what a blob ends with after its first half
  std::set<std::string> stuck;           // blobs that stop after their first half
  std::map<std::string, int> elsewhere;  // how often a blob comes in for somebody else first
  // What the layout does not hold: manifests by tag, documents by digest, what refers to a digest.
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> documents;
  std::map<std::string, std::vector<Descriptor>> referrers;
  std::map<std::string, Error> refused;  // the answer about a tag, a digest's content, or "referrers"
  bool silent = false;                   // about referrers: no answer comes
  std::uint64_t sent = 0;                // bytes of blobs
  int manifests = 0;                     // asked for
  int blobs = 0;
  int resolved = 0;
  int open = 0;    // calls that are not destroyed
  int paused = 0;  // how often

 private:
  class Call;
  class BlobCall;
  Result<RemoteDocument> find(const Reference& reference) const;
  Result<std::string> content(const Digest& digest) const;

  Loop& loop_;
  std::string layout_;
};

// Admits what a test allows; its evidence says so.
class FakeAdmission final : public Admission {
 public:
  explicit FakeAdmission(Loop& loop) : loop_(loop) {}
  RemoteCallPtr admit(Candidate candidate, Done done) override;
  Result<TrustRecord> recheck(const Reference& reference, const StoredImage& image,
                              const std::string& evidence) const override;

  bool trusting = true;
  int asked = 0;

 private:
  Loop& loop_;
};

}  // namespace schedkit::test
