#pragma once

#include <list>
#include <optional>
#include <string>

#include "k8s/api_client.h"
#include "tests/core/sched/loop_helpers.h"

namespace schedkit::test {

// An API server that answers when the test says so. Calls are kept in their order; a destroyed one is gone.
class FakeApi final : public ApiClient {
 public:
  struct Pending {
    ApiRequest request;
    Done done;
    OnEvent on_event;  // of a watch
    OnEnd on_end;
  };

  std::unique_ptr<ApiCall> call(ApiRequest request, Done done) override {
    return add({std::move(request), std::move(done), nullptr, nullptr});
  }
  std::unique_ptr<ApiCall> watch(ApiRequest request, OnEvent on_event, OnEnd on_end) override {
    return add({std::move(request), nullptr, std::move(on_event), std::move(on_end)});
  }

  // "GET /path?query" of each call that waits.
  std::vector<std::string> waiting() const {
    std::vector<std::string> lines;
    for (const auto& one : pending_) lines.push_back(one.request.method + " " + one.request.path);
    return lines;
  }
  // The first whose line has `part` in it; null when there is none.
  Pending* find(std::string_view part) {
    for (auto& one : pending_) {
      if ((one.request.method + " " + one.request.path).find(part) != std::string::npos) return &one;
    }
    return nullptr;
  }
  bool answer(std::string_view part, ApiResult<nlohmann::json> result) {
    Pending* one = find(part);
    if (one == nullptr || !one->done) return false;
    const auto done = one->done;
    done(std::move(result));
    return true;
  }
  bool tell(std::string_view part, nlohmann::json event) {
    Pending* one = find(part);
    if (one == nullptr || !one->on_event) return false;
    const auto told = one->on_event;
    told(std::move(event));
    return true;
  }
  bool end(std::string_view part, ApiResult<void> result) {
    Pending* one = find(part);
    if (one == nullptr || !one->on_end) return false;
    const auto ended = one->on_end;
    ended(std::move(result));
    return true;
  }

  static tl::unexpected<ApiFailure> failure(int status, std::string reason = "", Errc code = Errc::failed) {
    return tl::unexpected(ApiFailure{
        .status = status, .reason = std::move(reason), .error = {code, "failure " + std::to_string(status)}});
  }

  int made = 0;

 private:
  class Handle final : public ApiCall {
   public:
    Handle(std::list<Pending>& pending, std::list<Pending>::iterator place) : pending_(pending), place_(place) {}
    ~Handle() override { pending_.erase(place_); }

   private:
    std::list<Pending>& pending_;
    std::list<Pending>::iterator place_;
  };

  std::unique_ptr<ApiCall> add(Pending one) {
    ++made;
    pending_.push_back(std::move(one));
    return std::make_unique<Handle>(pending_, std::prev(pending_.end()));
  }

  std::list<Pending> pending_;
};

// A list's page; `next` is where the following one goes on.
inline nlohmann::json page(std::vector<nlohmann::json> items, const char* version = "10", const char* next = "") {
  return {{"metadata", {{"resourceVersion", version}, {"continue", next}}}, {"items", std::move(items)}};
}

// An event of a watch.
inline nlohmann::json event(const char* type, nlohmann::json object) {
  return {{"type", type}, {"object", std::move(object)}};
}

// Runs `loop` until such a call waits for its answer; not at all when one does, as a timer could take it back.
inline bool await_call(Loop& loop, FakeApi& api, std::string_view part) {
  return api.find(part) != nullptr || run_until(loop, [&] { return api.find(part) != nullptr; });
}

}  // namespace schedkit::test
