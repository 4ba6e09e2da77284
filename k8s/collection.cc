#include "k8s/collection.h"

#include <algorithm>

#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr Duration shortest_watch = std::chrono::seconds(1);

// Whether a watch cannot go on from where it was.
bool needs_list(const ApiFailure& failure) {
  switch (failure.status) {
    case 400:  // it does not like our resourceVersion
    case 404:  // the collection is gone, or was another
    case 410:  // Expired
    case 504:  // "Too large resource version": the server was set back
      return true;
    case 0: return failure.error.code == Errc::invalid || failure.error.code == Errc::limit;
    default: return failure.reason == "Expired" || failure.reason == "Gone";
  }
}

}  // namespace

Collection::Collection(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random,
                       CollectionOptions options, std::function<void()> changed)
    : api_(api),
      clock_(clock),
      random_(std::move(random)),
      options_(std::move(options)),
      changed_(std::move(changed)),
      backoff_(options_.backoff, random_),
      timer_(loop),
      confirm_(loop),
      settled_(loop) {}

void Collection::start() {
  timer_.set(std::chrono::duration_cast<Duration>(options_.spread * random_()), [this] { list(""); });
}

void Collection::list(const std::string& next) {
  timer_.cancel();
  settled_.cancel();
  if (next.empty()) fresh_.clear();
  call_ = api_.call(list_request(options_.resource, next), [this](ApiResult<Json> page) { listed(std::move(page)); });
}

void Collection::listed(ApiResult<Json> page) {
  if (!page) {
    missing_ = missing_ || page.error().status == 404;
    return failed(std::move(page.error()), Next::list);
  }
  const auto items = page->find("items");
  version_ = text_at(*page, {"metadata", "resourceVersion"});
  if (version_.empty() || (items != page->end() && !items->is_array() && !items->is_null())) {
    return failed({.error = {Errc::invalid, options_.resource.path() + ": the answer is no list"}}, Next::list);
  }
  if (items != page->end()) {
    for (auto& item : *items) {
      if (!object_key(item).empty()) put(fresh_, std::move(item));
    }
  }
  if (const auto next = text_at(*page, {"metadata", "continue"}); !next.empty()) return list(next);
  complete();
}

void Collection::complete() {
  confirm_.cancel();
  // What comes back after it was not there may come back in pieces: nothing goes before a second list says so.
  const bool back = missing_ && options_.hold > Duration::zero();
  if (back) {
    objects_.merge(std::move(fresh_));  // keeps ours, so:
    for (auto& [key, object] : fresh_) objects_[key] = std::move(object);
    confirm_later();
  } else {
    objects_ = std::move(fresh_);
    synced_ = true;
  }
  fresh_.clear();
  missing_ = false;
  trouble_.reset();
  watch();
  changed_();
}

void Collection::watch() {
  heard_ = false;
  watch_began_ = clock_.now();
  const auto seconds = static_cast<int>(static_cast<double>(options_.watch.count()) * (1 + random_()));
  call_ = api_.watch(
      watch_request(options_.resource, version_, seconds), [this](Json event) { happened(std::move(event)); },
      [this](ApiResult<void> end) { ended(std::move(end)); });
  settled_.set(options_.settle, [this] { recover(); });
}

void Collection::happened(Json raw) {
  auto event = read_watch_event(std::move(raw), "watching " + options_.resource.path());
  if (!event) {
    const auto next = needs_list(event.error()) ? Next::list : Next::watch;
    return failed(std::move(event.error()), next);
  }
  heard_ = true;
  version_ = std::move(event->version);
  recover();
  switch (event->type) {
    case WatchEvent::Type::bookmark: return;
    case WatchEvent::Type::put:
      if (put(objects_, std::move(event->object))) changed_();
      return;
    case WatchEvent::Type::removed: break;
  }
  if (options_.hold > Duration::zero()) return confirm_later();
  if (objects_.erase(object_key(event->object)) > 0) changed_();
}

void Collection::ended(ApiResult<void> end) {
  if (!end) {
    const auto next = needs_list(end.error()) ? Next::list : Next::watch;
    return failed(std::move(end.error()), next);
  }
  if (heard_ || clock_.now() - watch_began_ >= shortest_watch) return watch();
  failed({.error = {Errc::io, options_.resource.path() + ": the server ends watches at once"}}, Next::watch);
}

void Collection::failed(ApiFailure failure, Next next) {
  call_.reset();
  settled_.cancel();
  auto wait = backoff_.after_failure(clock_.now());
  if (failure.retry_after) wait = std::max(wait, *failure.retry_after);
  if (missing_ && failure.status == 404) wait = std::max(wait, options_.missing_poll);
  trouble_ = std::move(failure);
  timer_.set(wait, [this, next] { next == Next::list ? list("") : watch(); });
  changed_();
}

bool Collection::put(ObjectMap& into, Json object) const {
  if (options_.trim) options_.trim(object);
  auto& place = into[object_key(object)];
  if (place == object) return false;
  place = std::move(object);
  return true;
}

void Collection::recover() {
  settled_.cancel();
  if (!trouble_) return;
  trouble_.reset();
  changed_();
}

void Collection::confirm_later() {
  confirm_.set(options_.hold, [this] { list(""); });
}

}  // namespace schedkit
