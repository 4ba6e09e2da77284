// What commands can ask about images; core/image implements it. All on the loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/policy/image.h"
#include "core/policy/pull.h"

namespace schedkit {

struct ImageStatus {
  std::string reference;
  std::string digest;          // of the manifest
  bool current = true;         // false: a former version of the reference
  std::int64_t pulled = 0;     // seconds since 1970; 0: not by us
  std::uint64_t blobs = 0;     // bytes
  std::uint64_t unpacked = 0;  // bytes; 0: not unpacked

  bool operator==(const ImageStatus&) const = default;
};

struct ImagesRemoved {
  std::vector<std::string> images;  // "REFERENCE DIGEST"
  std::uint64_t freed = 0;          // bytes
  std::uint64_t left = 0;
};

struct TrustVerdict {
  bool trusted = false;
  std::string report;  // JSON, core/image/trust_report.h
};

class ImageCommands {
 public:
  // Somebody's part in a pull; equal pulls are one. Destroying it lets go: nothing is called afterwards, and the last one
  // that lets go cancels.
  class PullJob {
   public:
    virtual ~PullJob() = default;
  };
  struct PullHandlers {
    std::function<void(const PullProgress&)> on_progress = {};  // often
    std::function<void(Result<RunnableImage>)> on_done;         // once, never from inside pull()
  };
  template <class T>
  using Answer = std::function<void(Result<T>)>;  // once, never from inside the call

  virtual ~ImageCommands() = default;

  [[nodiscard]] virtual std::unique_ptr<PullJob> pull(const std::string& reference, const PullOptions& options,
                                                      PullHandlers handlers) = 0;
  virtual void list(Answer<std::vector<ImageStatus>> done) = 0;
  // The present and all former versions. Errc::busy when something needs them.
  virtual void remove(const std::string& reference, Answer<ImagesRemoved> done) = 0;
  // Beyond what is kept; with `all` everything that nothing needs.
  virtual void prune(bool all, Answer<ImagesRemoved> done) = 0;
  // Reads everything; one line for each thing that is wrong.
  // Whether it may run, and why: from what was kept of its admission, or, when the store does not have it or `options`
  // name another policy, from what its registry has. Nothing is brought in. Not being able to tell is an error.
  virtual void verify_trust(const std::string& reference, const PullOptions& options, Answer<TrustVerdict> done) = 0;
  virtual void verify(Answer<std::vector<std::string>> done) = 0;
};

}  // namespace schedkit
