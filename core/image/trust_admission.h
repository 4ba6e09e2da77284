// Admission by the trust policy (core/policy/trust_policy.h): collects what signs an image, judges it, keeps both.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/image/admission.h"
#include "core/image/trust/evidence.h"
#include "core/loop/loop.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

class TrustAdmission final : public Admission {
 public:
  // Reads the trust policy in a file; blocks, from any thread.
  using ReadPolicy = std::function<Result<TrustPolicy>(const std::string& path)>;

  // Nothing is trusted before use(). `loop`, `clock` and `remote` must outlive the calls of admit(); recheck() needs
  // none of them. A registry gets `patience` to tell what signs an image, however many answers that takes.
  TrustAdmission(Loop& loop, const Clock& clock, ImageRemote& remote, ReadPolicy read_policy,
                 Duration patience = std::chrono::seconds(60));

  // What holds from now on: `policy`, or, if `file` is not empty, the policy in that file, read each time it is needed.
  // On the loop thread.
  void use(TrustPolicy policy, std::string file);

  [[nodiscard]] RemoteCallPtr admit(Candidate candidate, Done done) override;

  // Images that somebody took with `--allow-unsigned` stay admitted; those with a policy of their own
  // (PullOptions::trust_policy) are judged by that file.
  Result<TrustRecord> recheck(const Reference& reference, const StoredImage& image,
                              const std::string& evidence) const override;

 private:
  class Call;

  struct Source {
    TrustPolicy policy;
    std::string file;  // if not empty, the policy is there

    Result<TrustPolicy> load(const ReadPolicy& read) const;  // blocks
  };
  Source source_of(const std::string& own_file) const;

  Loop& loop_;
  const Clock& clock_;
  ImageRemote& remote_;
  const ReadPolicy read_policy_;
  const Duration patience_;
  mutable std::mutex mutex_;  // the pool's threads recheck
  Source settings_{.policy = {.otherwise = {Reject{"no trust policy is loaded"}}}, .file = ""};
};

}  // namespace schedkit
