#include "k8s/full_list.h"

#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

FullList::FullList(ApiClient& api, ApiResource resource, Done done)
    : api_(api), resource_(std::move(resource)), done_(std::move(done)) {
  ask("");
}

void FullList::ask(const std::string& next) {
  call_ = api_.call(list_request(resource_, next), [this](ApiResult<Json> page) { take(std::move(page)); });
}

void FullList::take(ApiResult<Json> page) {
  const auto done = done_;
  if (!page) return done(tl::unexpected(std::move(page.error())));
  const auto items = page->find("items");
  if (items == page->end() || !(items->is_array() || items->is_null())) {
    return done(tl::unexpected(ApiFailure{.error = {Errc::invalid, resource_.path() + ": the answer is no list"}}));
  }
  for (auto& item : *items) objects_.push_back(std::move(item));
  if (const auto next = text_at(*page, {"metadata", "continue"}); !next.empty()) return ask(next);
  done(std::move(objects_));
}

}  // namespace schedkit
