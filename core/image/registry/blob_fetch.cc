#include "core/image/registry/blob_fetch.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace schedkit::registry {

BlobFetch::BlobFetch(Context& context, std::vector<Endpoint> endpoints, Descriptor blob, BlobStart start,
                     BlobSink& sink, std::function<void(Result<void>)> done)
    : context_(context),
      endpoints_(std::move(endpoints)),
      blob_(std::move(blob)),
      sink_(sink),
      done_(std::move(done)),
      timer_(context.loop),
      hasher_(blob_.digest.algorithm) {
  if (start.hasher && start.offset <= blob_.size) {
    hasher_ = std::move(*start.hasher);
    offset_ = last_break_ = start.offset;
  }
  timer_.set(Duration::zero(), [this] { offset_ == blob_.size ? complete() : ask(); });
}

void BlobFetch::resume() {
  if (exchange_) exchange_->resume();
}

void BlobFetch::finish(Result<void> result) {
  const auto done = std::move(done_);
  done(std::move(result));
}

std::string BlobFetch::what() const {
  return fmt::format("{}: blob {}", endpoints_[at_].name(), blob_.digest.to_string());
}

void BlobFetch::ask() {
  Exchange::Request request;
  // From the registry's own URL each time: what it redirected us to may have expired.
  request.target = fmt::format("/v2/{}/blobs/{}", endpoints_[at_].repository, blob_.digest.to_string());
  skip_ = offset_;
  if (offset_ > 0 && ranges_) request.http.headers.push_back({"Range", fmt::format("bytes={}-", offset_)});
  request.on_head = [this](const HttpHead& head) { return take_head(head); };
  request.on_body = [this](std::string_view bytes) { return take_body(bytes); };
  exchange_ = std::make_unique<Exchange>(context_, context_.session(endpoints_[at_]), std::move(request),
                                         [this](Result<HttpAnswer> answer) { take(std::move(answer)); });
}

Result<void> BlobFetch::check_range(const HttpHead& head) {
  const auto range = parse_content_range(head.header("content-range"));
  const bool good = offset_ > 0 && ranges_ && range && range->first == offset_ && range->last == blob_.size - 1 &&
                    range->size.value_or(blob_.size) == blob_.size;
  if (good) return {};
  ranges_ = false;
  return fail(Errc::io, "{}: the registry answers with another part than was asked for", what());
}

Result<bool> BlobFetch::take_head(const HttpHead& head) {
  if (head.status != 200 && head.status != 206) return false;
  if (head.status == 206) {
    if (auto checked = check_range(head); !checked) return fail(std::move(checked.error()));
    skip_ = 0;
  }
  const std::uint64_t expected = head.status == 206 ? blob_.size - offset_ : blob_.size;
  const auto announced = parse_unsigned(head.header("content-length"));
  if (announced && *announced != expected) {
    return fail(Errc::integrity, "{} is announced with {} bytes, it should have {}", what(), *announced, expected);
  }
  return true;
}

Result<HttpFlow> BlobFetch::take_body(std::string_view bytes) {
  const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
  skip_ -= skipped;
  bytes.remove_prefix(skipped);
  if (bytes.empty()) return HttpFlow::more;
  if (bytes.size() > blob_.size - offset_) {
    final_ = Error{Errc::integrity, fmt::format("{} is longer than its {} bytes", what(), blob_.size), {}};
    return fail(*final_);
  }
  hasher_.update(bytes);
  offset_ += bytes.size();
  auto flow = sink_.write(bytes);
  if (!flow) final_ = flow.error();
  return flow;
}

void BlobFetch::take(Result<HttpAnswer> answer) {
  if (final_) return finish(fail(std::move(*final_)));
  if (offset_ == blob_.size) return complete();
  if (!answer) {
    if (offset_ > 0) answer.error().text += fmt::format(" (after {} of {} bytes)", offset_, blob_.size);
    return broken({std::move(answer.error())});
  }
  if (answer->status == 416 && ranges_ && offset_ > 0) {
    ranges_ = false;
    return ask();
  }
  if (answer->status != 200 && answer->status != 206) return broken(failure_of(context_, *answer, what()));
  broken({{Errc::io, fmt::format("{} ends after {} of {} bytes", what(), offset_, blob_.size), {}}});
}

void BlobFetch::complete() {
  auto digest = hasher_.finish();
  if (!digest) return finish(fail(std::move(digest.error())));
  if (*digest == blob_.digest) return finish({});
  finish(fail(Errc::integrity, "{} has digest {}", what(), digest->to_string()));
}

// Whether enough came since the last break to try again without counting it.
bool BlobFetch::advanced() {
  const RetryPolicy& policy = context_.hooks.retry;
  const auto now = context_.clock.now();
  const bool first = !std::exchange(broke_before_, true);
  const std::uint64_t came = offset_ - last_break_;
  const bool enough =
      came > 0 && (first || came >= policy.resume_bytes || now - last_break_time_ >= policy.resume_time);
  last_break_ = offset_;
  last_break_time_ = now;
  return enough;
}

void BlobFetch::broken(Failure failure) {
  const RetryPolicy& policy = context_.hooks.retry;
  const bool transient = worth_another_try(failure.error);
  const double random = context_.hooks.random();
  if (transient && advanced()) {
    failed_rounds_ = 0;
    others_.clear();
    return go_on_after(
        Duration(static_cast<Duration::rep>(static_cast<double>(policy.wait.count()) * (1 + policy.jitter * random))));
  }
  if (at_ + 1 < endpoints_.size()) {
    others_.push_back("mirror " + failure.error.text);
    ++at_;
    ranges_ = true;
    return ask();
  }
  ++failed_rounds_;
  const bool busy = failure.error.code == Errc::busy;
  const auto wait = transient ? retry_wait(policy, failed_rounds_, busy, failure.retry_after, random) : std::nullopt;
  if (!wait) return finish(fail(join_errors(std::move(failure.error), others_)));
  at_ = 0;
  others_.clear();
  go_on_after(*wait);
}

void BlobFetch::go_on_after(Duration wait) {
  exchange_.reset();
  timer_.set(wait, [this] { ask(); });
}

}  // namespace schedkit::registry
