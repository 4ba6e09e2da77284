#include "core/image/trust_admission.h"

#include <memory>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/collect_signatures.h"
#include "core/image/trust/downgrade.h"
#include "core/image/trust/trust_files.h"
#include "core/image/trust/verify.h"
#include "core/loop/timer.h"
#include "core/loop/work.h"

namespace schedkit {
namespace {

// A policy with the files that it names, read.
struct Rules {
  TrustPolicy policy;
  TrustFiles files;
};

// Whatever the reason is, the image is refused. That it may be different later is told only when something was missing.
Error refusal(Error error, const Reference& reference, const CollectedSignatures& collected) {
  error.code = Errc::denied;
  if (collected.trouble) {
    error.text += "; not everything that may sign it could be fetched: " + collected.trouble->text;
    if (may_pass(*collected.trouble)) error.code = collected.trouble->code;
  } else if (collected.material.empty() && reference.kind == Reference::Kind::registry) {
    error.text += "; `schedctl pull --allow-unsigned` takes it on your own account";
  }
  return error;
}

Result<Evidence> evidence_for(const StoredImage& image, const std::string& text) {
  auto evidence = parse_evidence(text);
  if (!evidence) return evidence;
  const TrustRecord& record = evidence->record;
  if (record.reference == image.reference && record.digest == image.top.to_string()) return evidence;
  return fail(Errc::integrity, "what was kept of its admission is about {} {}", record.reference, record.digest);
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

// One admission: policy → signatures → verdict → not older than what is here.
class TrustAdmission::Call final : public RemoteCall {
 public:
  Call(TrustAdmission& owner, Candidate candidate, Done done)
      : owner_(owner), candidate_(std::move(candidate)), done_(std::move(done)), late_(owner.loop_) {}

  void begin() {
    if (candidate_.options.allow_unsigned) return take_unsigned();
    in_pool(
        [source = owner_.source_of(candidate_.options.trust_policy), read = owner_.read_policy_]() -> Result<Rules> {
          auto policy = source.load(read);
          if (!policy) return fail(std::move(policy.error()));
          auto files = read_trust_files(*policy);
          return Rules{std::move(*policy), std::move(files)};
        },
        [this](Result<Rules> rules) {
          if (!rules) return finish(fail(std::move(rules.error())));
          rules_ = std::move(*rules);
          if (!needs_signatures(rules_.policy, candidate_.reference)) return judge({});
          collect();
        });
  }

 private:
  // `job` must not use this, which may be gone.
  template <class Job, class Then>
  void in_pool(Job job, Then then) {
    run_in_pool_for(owner_.loop_, std::move(job),
                    [then = std::move(then), alive = std::weak_ptr<const int>(alive_)](auto result) {
                      if (!alive.expired()) then(std::move(result));
                    });
  }

  TrustSubject subject() const {
    return {.reference = candidate_.reference, .digest = candidate_.top, .platform = candidate_.platform};
  }

  void collect() {
    std::vector<Digest> digests{candidate_.top};
    if (candidate_.platform != candidate_.top) digests.push_back(candidate_.platform);
    collecting_ = collect_signatures(owner_.remote_, candidate_.reference, std::move(digests),
                                     [this](CollectedSignatures collected) { judge(std::move(collected)); });
    late_.set(owner_.patience_, [this] {
      collecting_.reset();
      finish(fail(Errc::timeout, "{}: asking its registry for signatures took longer than {}",
                  candidate_.reference.to_string(), format_duration(owner_.patience_)));
    });
  }

  void judge(CollectedSignatures collected) {
    late_.cancel();
    collecting_.reset();
    in_pool(
        [rules = std::move(rules_), subject = subject(), collected = std::move(collected),
         now = owner_.clock_.wall_now()]() mutable -> Result<Evidence> {
          auto record = verify_trust(rules.policy, rules.files, subject, collected.material, now);
          if (!record) return fail(refusal(std::move(record.error()), subject.reference, collected));
          return Evidence{.record = std::move(*record), .material = std::move(collected.material)};
        },
        [this](Result<Evidence> evidence) {
          if (!evidence) return finish(fail(std::move(evidence.error())));
          evidence->policy_file = candidate_.options.trust_policy;
          conclude(std::move(*evidence));
        });
  }

  void take_unsigned() {
    Evidence evidence{.record = {.reference = candidate_.reference.to_string(),
                                 .digest = candidate_.top.to_string(),
                                 .platform = candidate_.platform.to_string(),
                                 .proofs = {{.requirement = std::string(allow_unsigned)}},
                                 .verified_at = seconds_of(owner_.clock_.wall_now())},
                      .material = {},
                      .unsigned_allowed = true};
    in_pool([] { return true; }, [this, evidence = std::move(evidence)](bool) { conclude(evidence); });
  }

  void conclude(Evidence evidence) {
    TrustRecord& record = evidence.record;
    record.age.version = candidate_.age.version;
    record.age.created = candidate_.age.created;
    // A digest says itself which version is meant.
    if (candidate_.known && !candidate_.reference.digest) {
      auto moved = check_downgrade(*candidate_.known, record.digest, record.age, candidate_.options.allow_downgrade);
      if (!moved) return finish(fail(std::move(moved.error())));
    }
    finish(write_evidence(evidence));
  }

  void finish(Result<std::string> evidence) {
    const auto done = std::move(done_);
    done(std::move(evidence));
  }

  TrustAdmission& owner_;
  const Candidate candidate_;
  Done done_;
  Rules rules_;
  RemoteCallPtr collecting_;
  Timer late_;  // while collecting_ is under way
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

TrustAdmission::TrustAdmission(Loop& loop, const Clock& clock, ImageRemote& remote, ReadPolicy read_policy,
                               Duration patience)
    : loop_(loop), clock_(clock), remote_(remote), read_policy_(std::move(read_policy)), patience_(patience) {}

void TrustAdmission::use(TrustPolicy policy, std::string file) {
  const std::lock_guard lock(mutex_);
  settings_ = {std::move(policy), std::move(file)};
}

TrustAdmission::Source TrustAdmission::source_of(const std::string& own_file) const {
  if (!own_file.empty()) return {.policy = {}, .file = own_file};
  const std::lock_guard lock(mutex_);
  return settings_;
}

Result<TrustPolicy> TrustAdmission::Source::load(const ReadPolicy& read) const {
  if (file.empty()) return policy;
  auto loaded = read(file);
  if (loaded) return loaded;
  Error error = with_context(std::move(loaded.error()), "nothing is trusted while the trust policy cannot be used");
  error.code = Errc::denied;
  return fail(std::move(error));
}

RemoteCallPtr TrustAdmission::admit(Candidate candidate, Done done) {
  auto call = std::make_unique<Call>(*this, std::move(candidate), std::move(done));
  call->begin();
  return call;
}

Result<TrustRecord> TrustAdmission::recheck(const Reference& reference, const StoredImage& image,
                                            const std::string& evidence) const {
  Evidence kept;
  if (!evidence.empty()) {
    auto parsed = evidence_for(image, evidence);
    if (!parsed) {
      Error error = with_context(std::move(parsed.error()), reference.to_string());
      error.text += "; `schedctl pull` asks its registry anew";
      return fail(std::move(error));
    }
    kept = std::move(*parsed);
  }
  if (kept.unsigned_allowed) return std::move(kept.record);
  auto policy = source_of(kept.policy_file).load(read_policy_);
  if (!policy) return fail(std::move(policy.error()));
  const bool is_layout = reference.kind == Reference::Kind::layout;
  TrustSubject subject{.reference = reference, .digest = image.top, .platform = image.entry.digest};
  subject.root_owned = is_layout;  // the store reads no others
  if (is_layout) {
    if (needs_signatures(*policy, reference)) {
      return fail(Errc::denied, "{} is not trusted: {} wants it signed, and layouts on this machine hold no signatures",
                  reference.to_string(), policy->source);
    }
    subject.digest = reference.digest.value_or(Digest());
    subject.platform.reset();
  }
  auto record = verify_trust(*policy, read_trust_files(*policy), subject, kept.material, WallTime());
  if (!record) return fail(refusal(std::move(record.error()), reference, {kept.material, {}}));
  record->age = kept.record.age;
  record->verified_at = kept.record.verified_at;
  return record;
}

}  // namespace schedkit
