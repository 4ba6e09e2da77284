#include "k8s/coordinator.h"

#include <algorithm>
#include <array>

#include "core/base/log.h"
#include "k8s/members.h"
#include "k8s/policy_status.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr const char* manager = "sked-coordinator";
constexpr Duration longest_sleep = std::chrono::hours(1);
constexpr Duration retry = std::chrono::seconds(5);

void trim_sched_policy(Json& object) {
  Json kept;
  keep_members(kept, object, {"apiVersion", "kind", "spec", "status"});
  keep_members(kept["metadata"], value_at(object, {"metadata"}), {"name", "uid", "generation"});
  object = std::move(kept);
}

// A heartbeat is no change.
void trim_node(Json& object) {
  Json kept;
  keep_members(kept["metadata"], value_at(object, {"metadata"}), {"name", "labels"});
  const auto& conditions = value_at(object, {"status", "conditions"});
  for (const auto& condition : conditions.is_array() ? conditions : Json::array()) {
    if (text_at(condition, {"type"}) != "Ready") continue;
    kept["status"]["conditions"].push_back({{"type", "Ready"}, {"status", text_at(condition, {"status"})}});
  }
  object = std::move(kept);
}

void trim_node_sched(Json& object) {
  Json kept;
  keep_members(kept["metadata"], value_at(object, {"metadata"}), {"name"});
  if (const auto& status = value_at(object, {"status"}); !status.is_null()) {
    kept["status"] = Json::object();
    keep_members(kept["status"], status, {"policies"});
  }
  object = std::move(kept);
}

// Whether a rollout is elsewhere than before.
bool moved(const Json& before, const Json& after) {
  const auto& one = value_at(before, {"rollout"});
  const auto& other = value_at(after, {"rollout"});
  return std::ranges::any_of(std::initializer_list<const char*>{"phase", "percent", "revision"},
                             [&](const char* name) { return value_at(one, {name}) != value_at(other, {name}); });
}

}  // namespace

struct Coordinator::Written {
  Json status;  // that was sent
  Instant when{};
  std::unique_ptr<ApiCall> call;
};

Coordinator::Coordinator(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random,
                         CoordinatorOptions options)
    : loop_(loop),
      api_(api),
      clock_(clock),
      random_(std::move(random)),
      options_(std::move(options)),
      leader_(options_.leader),
      lease_timer_(loop),
      review_timer_(loop) {}

Coordinator::~Coordinator() = default;

void Coordinator::start() { look_at_lease(); }

void Coordinator::look_at_lease() {
  const auto& options = leader_.options();
  auto request = get_request(resources::leases(options.name_space), options.name);
  request.timeout = options.give_up;
  lease_call_ = api_.call(std::move(request), [this](ApiResult<Json> lease) { lease_came(std::move(lease)); });
}

void Coordinator::lease_came(ApiResult<Json> lease) {
  lease_call_.reset();
  if (!lease && lease.error().status != 404) return lease_done(lease.error().error.describe());
  auto action = leader_.look(lease ? *lease : Json(), clock_.now(), clock_.wall_now());
  if (action.kind == Leader::Action::Kind::nothing) return lease_done("");
  const auto& options = leader_.options();
  const auto resource = resources::leases(options.name_space);
  auto request = action.kind == Leader::Action::Kind::create
                     ? create_request(resource, std::move(action.lease))
                     : replace_request(resource, options.name, std::move(action.lease));
  request.timeout = options.give_up;
  lease_call_ = api_.call(std::move(request), [this, sent = clock_.now()](ApiResult<Json> answer) {
    lease_written(std::move(answer), sent);
  });
}

void Coordinator::lease_written(ApiResult<Json> answer, Instant sent) {
  lease_call_.reset();
  if (answer) leader_.wrote(sent);
  const bool another = !answer && answer.error().status == 409;  // was faster
  lease_done(answer || another ? "" : answer.error().error.describe());
}

void Coordinator::lease_done(const std::string& trouble) {
  if (trouble != lease_trouble_ && !trouble.empty()) log::warning("the lease: {}", trouble);
  lease_trouble_ = trouble;
  if (leads() != led_) {
    led_ = leads();
    log::notice("{} {}", leader_.options().identity, led_ ? "leads" : "does not lead any more");
    written_.clear();
    if (led_) watch();
  }
  lease_timer_.set(options_.leader.renew, [this] { look_at_lease(); });
}

void Coordinator::watch() {
  const auto add = [this](ApiResource resource, void (*trim)(Json&), Duration hold) {
    auto options = options_.collection;
    options.resource = std::move(resource);
    options.trim = trim;
    options.hold = hold;
    auto collection =
        std::make_unique<Collection>(loop_, api_, clock_, random_, std::move(options), [this] { changed(); });
    collection->start();
    return collection;
  };
  if (!policies_) {
    policies_ = add(resources::sched_policies(), trim_sched_policy, options_.collection.hold);
    nodes_ = add(resources::nodes(), trim_node, Duration::zero());
    node_scheds_ = add(resources::node_scheds(), trim_node_sched, options_.collection.hold);
  }
  changed();
}

void Coordinator::changed() {
  review_timer_.set(options_.soon, [this] { review(); });
}

bool Coordinator::up_to_date() const {
  const std::array<const Collection*, 3> all{policies_.get(), nodes_.get(), node_scheds_.get()};
  return std::ranges::all_of(
      all, [](const auto* one) { return one && one->synced() && !one->trouble() && !one->missing(); });
}

void Coordinator::review() {
  if (!leads() || !up_to_date()) return;  // either changes with a call of changed() or watch()
  wake_ = longest_sleep;
  std::erase_if(written_, [this](const auto& entry) { return !policies_->objects().contains(entry.first); });
  for (const auto& [name, policy] : policies_->objects()) review(name, policy);
  review_timer_.set(wake_, [this] { review(); });
}

void Coordinator::wake_in(Duration wait) { wake_ = std::min(wake_, std::max(wait, options_.soon)); }

void Coordinator::review(const std::string& name, const Json& policy) {
  auto& written = written_[name];
  if (written.call) return;
  auto wanted = policy_status(policy, nodes_->objects(), node_scheds_->objects(), clock_.wall_now());
  if (wanted.look_again) wake_in(*wanted.look_again - clock_.wall_now());
  const auto& has = value_at(policy, {"status"});
  if (wanted.status == has || wanted.status == written.status) return;
  const auto next = written.when + options_.pace;
  if (written.when != Instant() && clock_.now() < next && !moved(has, wanted.status))
    return wake_in(next - clock_.now());
  write(name, std::move(wanted.status));
}

void Coordinator::write(const std::string& name, Json status) {
  auto& written = written_[name];
  written.when = clock_.now();
  written.status = status;
  const Json object = {{"apiVersion", "sked.schedkit.io/v1alpha1"},
                       {"kind", "SchedPolicy"},
                       {"metadata", {{"name", name}}},
                       {"status", std::move(status)}};
  written.call = api_.call(apply_request(resources::sched_policies(), name, "status", manager, object),
                           [this, name](ApiResult<Json> answer) { status_written(name, std::move(answer)); });
}

void Coordinator::status_written(std::string name, ApiResult<Json> answer) {
  auto& written = written_[name];
  written.call.reset();
  if (answer) return changed();        // what happened meanwhile
  written.status = {};                 // again
  if (answer.error().status != 404) {  // else it is gone
    log::warning("SchedPolicy {}: its status: {}", name, answer.error().error.describe());
  }
  review_timer_.set(retry, [this] { review(); });
}

}  // namespace schedkit
