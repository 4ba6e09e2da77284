#include "k8s/status_writer.h"

#include <algorithm>

#include "core/bus/time_text.h"
#include "k8s/api_request.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr const char* manager = "sked-agent";
constexpr const char* version = "sked.schedkit.io/v1alpha1";
constexpr double most_tokens = 25;
constexpr Duration token_time = std::chrono::minutes(5);
constexpr std::size_t most_events_under_way = 8;

}  // namespace

StatusWriter::StatusWriter(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random,
                           StatusWriterOptions options, Told told)
    : api_(api),
      clock_(clock),
      options_(std::move(options)),
      told_(std::move(told)),
      backoff_(options_.backoff, std::move(random)),
      timer_(loop),
      repair_(loop),
      tokens_(most_tokens),
      tokens_at_(clock.now()) {}

void StatusWriter::server_has(const Json& object) {
  const bool first = !std::exchange(known_, true);
  exists_ = object.is_object();
  if (exists_) uid_ = text_at(object, {"metadata", "uid"});
  server_status_ = value_at(object, {"status"});
  if (!exists_) sent_ = {};
  if (first && exists_) {
    sent_ = answer_status_ = server_status_;
  } else if (exists_ && server_status_ != answer_status_ && !sent_.is_null()) {
    repair_.set(options_.settle, [this] {
      if (server_status_ == answer_status_ || call_) return;
      sent_ = {};
      step();
    });
  }
  step();
}

void StatusWriter::lost() { known_ = false; }

void StatusWriter::want(Json status, std::string node_uid) {
  wanted_ = std::move(status);
  node_uid_ = std::move(node_uid);
  step();
}

void StatusWriter::step() {
  if (call_ || timer_.is_set() || !known_ || wanted_.is_null()) return;
  if (!exists_) return create();
  if (wanted_ != sent_) apply();
}

void StatusWriter::again_after(Duration wait) {
  timer_.set(wait, [this] { step(); });
}

void StatusWriter::create() {
  Json metadata = {{"name", options_.node}};
  if (!node_uid_.empty()) {
    metadata["ownerReferences"] = {{{"apiVersion", "v1"},
                                    {"kind", "Node"},
                                    {"name", options_.node},
                                    {"uid", node_uid_},
                                    {"controller", false},
                                    {"blockOwnerDeletion", false}}};
  }
  const Json object = {{"apiVersion", version}, {"kind", "NodeSched"}, {"metadata", metadata}};
  call_ = api_.call(create_request(resources::node_scheds(), object),
                    [this](ApiResult<Json> answer) { answered(std::move(answer), true); });
}

void StatusWriter::apply() {
  sending_ = wanted_;
  const Json object = {
      {"apiVersion", version}, {"kind", "NodeSched"}, {"metadata", {{"name", options_.node}}}, {"status", sending_}};
  call_ = api_.call(apply_request(resources::node_scheds(), options_.node, "status", manager, object),
                    [this](ApiResult<Json> answer) { answered(std::move(answer), false); });
}

void StatusWriter::answered(ApiResult<Json> answer, bool created) {
  call_.reset();
  if (!answer) {
    if (!created && answer.error().status == 404) exists_ = false;  // made again
    if (!created || answer.error().status != 409) return failed(std::move(answer.error()));
  }
  exists_ = true;
  if (answer) uid_ = text_at(*answer, {"metadata", "uid"});
  if (!created) {
    const auto before = sent_.is_null() ? server_status_ : sent_;
    answer_status_ = server_status_ = value_at(*answer, {"status"});
    sent_ = std::move(sending_);
    tell_events(before, sent_);
    if (std::exchange(in_trouble_, false)) told_(std::nullopt);
  }
  again_after(created ? Duration::zero() : options_.pace);
}

void StatusWriter::failed(ApiFailure failure) {
  auto wait = backoff_.after_failure(clock_.now());
  if (failure.retry_after) wait = std::max(wait, *failure.retry_after);
  again_after(wait);
  if (!std::exchange(in_trouble_, true)) told_(failure);
}

void StatusWriter::tell_events(const Json& before, const Json& after) {
  const auto passed = clock_.now() - tokens_at_;
  tokens_at_ = clock_.now();
  tokens_ = std::min(most_tokens, tokens_ + std::chrono::duration<double>(passed) / token_time);
  for (const auto& event : node_events(before, after)) {
    if (tokens_ < 1 || events_.size() >= most_events_under_way) return;
    tokens_ -= 1;
    post(event);
  }
}

void StatusWriter::post(const NodeEvent& event) {
  const auto now = format_time(clock_.wall_now(), false);
  const Json object = {
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata", {{"generateName", options_.node + "-"}, {"namespace", "default"}}},
      {"involvedObject", {{"apiVersion", version}, {"kind", "NodeSched"}, {"name", options_.node}, {"uid", uid_}}},
      {"type", event.warning ? "Warning" : "Normal"},
      {"reason", event.reason},
      {"message", event.message.substr(0, 1024)},
      {"source", {{"component", manager}, {"host", options_.node}}},
      {"reportingComponent", manager},
      {"reportingInstance", options_.node},
      {"firstTimestamp", now},
      {"lastTimestamp", now},
      {"count", 1}};
  const auto place = events_.emplace(events_.end());
  // An event that cannot be posted is lost: the status has it all.
  *place = api_.call(create_request(resources::events("default"), object),
                     [this, place](const ApiResult<Json>&) { events_.erase(place); });
}

}  // namespace schedkit
