// The part of Images that answers people's commands.
#include <optional>
#include <utility>

#include "core/image/images.h"
#include "core/image/trust/evidence.h"
#include "core/image/trust_report.h"
#include "core/loop/work.h"

namespace schedkit {

Keep Images::keep_now() const {
  Keep keep = options_.keep ? options_.keep() : Keep{};
  for (const auto& [reference, wanted] : wanted_) {
    const auto parsed = parse_reference(reference);
    keep.references.insert(parsed ? parsed->to_string() : reference);
  }
  return keep;
}

namespace {

Result<ImagesRemoved> report_of(Result<Store::Removed> removed) {
  if (!removed) return fail(std::move(removed.error()));
  ImagesRemoved report{.images = {}, .freed = removed->freed, .left = removed->left};
  for (const auto& image : removed->images) {
    report.images.push_back(image.reference + " " + image.entry.digest.to_string());
  }
  return report;
}

}  // namespace

void Images::list(Answer<std::vector<ImageStatus>> done) {
  run_in_pool_for(
      parts_.loop,
      [store = store_]() -> Result<std::vector<ImageStatus>> {
        auto items = store->list();
        if (!items) return fail(std::move(items.error()));
        std::vector<ImageStatus> images;
        for (const auto& item : *items) {
          images.push_back({.reference = item.image.reference,
                            .digest = item.manifest.to_string(),
                            .current = item.image.current,
                            .pulled = item.image.pulled,
                            .blobs = item.blobs,
                            .unpacked = item.unpacked});
        }
        return images;
      },
      std::move(done));
}

void Images::remove(const std::string& reference, Answer<ImagesRemoved> done) {
  run_in_pool_for(
      parts_.loop,
      [store = store_, reference, keep = keep_now()]() -> Result<ImagesRemoved> {
        auto parsed = parse_reference(reference);
        if (!parsed) return fail(std::move(parsed.error()));
        return report_of(store->remove(*parsed, keep));
      },
      std::move(done));
}

void Images::prune(bool all, Answer<ImagesRemoved> done) {
  run_in_pool_for(
      parts_.loop,
      [store = store_, all, keep = keep_now(), retention = options_.retention] {
        return report_of(store->prune(keep, retention, all));
      },
      std::move(done));
}

namespace {

// What is no verdict stays an error.
Result<TrustVerdict> verdict_of(TrustReport report, Result<TrustRecord> record) {
  if (record) {
    report.record = std::move(*record);
  } else if (record.error().code == Errc::denied || record.error().code == Errc::integrity) {
    report.refusal = std::move(record.error().text);
  } else {
    return fail(std::move(record.error()));
  }
  return TrustVerdict{report.refusal.empty(), write_trust_report(report)};
}

// None: the registry has to be asked.
std::optional<Result<TrustVerdict>> verdict_here(const Reference& reference, const Store& store,
                                                 const Admission& admission) {
  TrustReport report{.reference = reference.to_string()};
  if (reference.kind == Reference::Kind::layout) {
    report.from = TrustReport::From::layout;
    auto layout = store.options().open_layout(reference.path);
    if (!layout) return verdict_of(report, fail(std::move(layout.error())));
    return verdict_of(report, admission.recheck(reference, {}, ""));
  }
  auto stored = store.stored(reference);
  const std::string evidence = stored ? store.evidence(*stored) : "";
  if (evidence.empty()) return std::nullopt;
  report.from = TrustReport::From::store;
  report.digest = stored->top.to_string();
  return verdict_of(report, admission.recheck(reference, *stored, evidence));
}

}  // namespace

void Images::verify_trust(const std::string& reference, const PullOptions& options, Answer<TrustVerdict> done) {
  using Found = std::pair<Result<Reference>, std::optional<Result<TrustVerdict>>>;
  run_in_pool_for(
      parts_.loop,
      [reference, options, store = store_, admission = parts_.admission]() -> Found {
        auto parsed = parse_reference(reference);
        if (!parsed) return {parsed, fail(parsed.error())};
        if (parsed->kind == Reference::Kind::registry && options != PullOptions()) return {parsed, std::nullopt};
        return {parsed, verdict_here(*parsed, *store, *admission)};
      },
      [this, options, done = std::move(done), alive = std::weak_ptr(alive_)](Found found) {
        if (alive.expired()) return;
        if (found.second) return done(std::move(*found.second));
        verify_remote(*found.first, options, done);
      });
}

void Images::verify_remote(const Reference& reference, const PullOptions& options, Answer<TrustVerdict> done) {
  verifying_.emplace_front();
  const auto finish = [this, at = verifying_.begin(), reference, done](Result<TrustRecord> record) {
    const auto pull = std::move(*at);
    verifying_.erase(at);
    // Before that nobody was asked whom to believe: no access is no verdict.
    const bool judged = pull->progress().phase == PullProgress::Phase::verifying;
    if (!record && !judged) return done(fail(std::move(record.error())));
    TrustReport report{.reference = reference.to_string(), .from = TrustReport::From::registry};
    done(verdict_of(std::move(report), std::move(record)));
  };
  verifying_.front() = std::make_unique<Pull>(
      Pull::Parts{parts_.loop, parts_.clock, parts_.remote, *parts_.admission, store_, unpacking_,
                  options_.kernel_release},
      reference, options,
      Pull::Handlers{.on_admitted =
                         [finish](const std::string& text) {
                           auto evidence = parse_evidence(text);
                           finish(evidence ? Result<TrustRecord>(std::move(evidence->record))
                                           : fail(std::move(evidence.error())));
                         },
                     .on_done = [finish](const Result<RunnableImage>& image) { finish(fail(image.error())); }});
}

void Images::verify(Answer<std::vector<std::string>> done) {
  run_in_pool_for(
      parts_.loop, [store = store_] { return store->verify(); }, std::move(done));
}

}  // namespace schedkit
