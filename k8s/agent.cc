#include "k8s/agent.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/loop/work.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr Duration hold_of_custom = std::chrono::seconds(10);

// In lists of some kinds the items do not say what they are.
std::function<void(Json&)> trim_as(const char* version, const char* kind) {
  return [version, kind](Json& object) {
    object["apiVersion"] = version;
    object["kind"] = kind;
    trim_policy(object);
  };
}

void keep_metadata(Json& object, MemberNames names) {
  Json kept = {{"metadata", Json::object()}};
  keep_members(kept["metadata"], value_at(object, {"metadata"}), names);
  object = std::move(kept);
}

void trim_node(Json& object) { keep_metadata(object, {"name", "uid", "labels"}); }

void trim_pod(Json& object) {
  const auto hash = text_at(object, {"metadata", "annotations", "kubernetes.io/config.hash"});
  keep_metadata(object, {"name", "namespace", "uid", "labels"});
  if (!hash.empty()) object["metadata"]["annotations"] = {{"kubernetes.io/config.hash", hash}};
}

void trim_node_sched(Json& object) {
  Json status = object.contains("status") ? object["status"] : Json();
  keep_metadata(object, {"name", "uid"});
  if (!status.is_null()) object["status"] = std::move(status);
}

}  // namespace

struct Agent::Watched {
  std::string title;
  Collection collection;
  std::string told = {};  // the trouble that was logged
};

struct Agent::Pool {
  Agent* owner;  // null once it is gone
  RenderedFiles files;
};

Agent::Agent(Loop& loop, ApiClient& api, const Clock& clock, std::function<double()> random, AgentOptions options)
    : loop_(loop),
      api_(api),
      clock_(clock),
      random_(std::move(random)),
      options_(std::move(options)),
      writer_(
          loop, api, clock, random_,
          [this] {
            auto writer = options_.writer;
            writer.node = options_.node;
            return writer;
          }(),
          [](const std::optional<ApiFailure>& trouble) {
            if (trouble) log::warning("the status cannot be written: {}", trouble->error.describe());
            if (!trouble) log::notice("the status can be written again");
          }),
      soon_(loop),
      patience_(loop),
      retry_(loop),
      pool_(std::make_shared<Pool>(Pool{this, RenderedFiles(options_.directory)})) {
  const auto usual = options_.collection.missing_poll;
  policies_ = &watch("SchedPolicies", resources::sched_policies(), trim_as("sked.schedkit.io/v1alpha1", "SchedPolicy"),
                     hold_of_custom, usual);
  exts_ = &watch("SchedExts", resources::sched_exts(), trim_as("sked.schedkit.io/v1", "SchedExt"), hold_of_custom,
                 options_.absent);
  node_ = &watch("the node", resources::node(options_.node), trim_node, Duration::zero(), usual);
  own_ = &watch("the NodeSched", resources::node_sched(options_.node), trim_node_sched, Duration::zero(), usual);
}

Agent::~Agent() { pool_->owner = nullptr; }

Agent::Watched& Agent::watch(const char* title, ApiResource resource, std::function<void(Json&)> trim, Duration hold,
                             Duration missing_poll) {
  auto options = options_.collection;
  options.resource = std::move(resource);
  options.trim = std::move(trim);
  options.hold = std::min(options.hold, hold);
  options.missing_poll = missing_poll;
  auto made = std::unique_ptr<Watched>(
      new Watched{title, Collection(loop_, api_, clock_, random_, std::move(options), [this] { changed(); })});
  return *(watched_[title] = std::move(made));
}

void Agent::start() {
  for (auto& [title, watched] : watched_) watched->collection.start();
}

void Agent::changed() {
  if (!soon_.is_set()) soon_.set(options_.soon, [this] { reconcile(); });
}

void Agent::daemon_told(const Result<Status>& status) {
  if (status.has_value() != daemon_.has_value()) {
    if (status) log::notice("schedkitd answers");
    if (!status) log::warning("{}", status.error().describe());
  }
  daemon_ = status ? std::optional(*status) : std::nullopt;
  daemon_spoke_ = true;
  changed();
}

void Agent::reconcile() {
  log_troubles();
  learn_own();
  learn_node();
  if (!labels_ || !(policies_->collection.synced() || policies_->collection.missing())) return;
  watch_pods_if_asked();
  if (auto plan = make_plan(); plan != plan_) {
    plan_ = std::move(plan);
    sync_due_ = true;
  }
  const bool spoke = std::exchange(daemon_spoke_, false);
  if (spoke && daemon_ && outcome_.ok() && differs_on_disk(plan_, *daemon_)) sync_due_ = true;
  if (sync_due_ && !syncing_) return sync();
  report();
}

// Only what is new: a watch lags behind what the writer did.
void Agent::learn_own() {
  const auto& own = own_->collection;
  if (own.missing()) {
    writer_.lost();
    own_told_.reset();
  } else if (own.synced()) {
    const auto found = own.objects().find(options_.node);
    const Json object = found == own.objects().end() ? Json() : found->second;
    if (own_told_ == object) return;
    own_told_ = object;
    writer_.server_has(object);
  }
}

// What was known of it stays known when it is deleted: its pods run on.
void Agent::learn_node() {
  const auto& nodes = node_->collection.objects();
  const auto found = nodes.find(options_.node);
  if (found == nodes.end()) return;
  node_uid_ = text_at(found->second, {"metadata", "uid"});
  auto labels = read_labels(found->second.at("metadata"), "labels", "Node " + options_.node);
  if (labels) labels_ = std::move(*labels);
}

void Agent::watch_pods_if_asked() {
  const auto& objects = policies_->collection.objects();
  const bool asked = std::ranges::any_of(objects, [](const auto& entry) { return asks_for_pods(entry.second); });
  if (asked == (pods_ != nullptr)) return;
  if (asked) {
    pods_ = &watch("pods", resources::pods_of_node(options_.node), trim_pod, Duration::zero(),
                   options_.collection.missing_poll);
    pods_->collection.start();
  } else {
    watched_.erase("pods");
    pods_ = nullptr;
  }
}

NodePlan Agent::make_plan() const {
  NodeFacts facts{.name = options_.node, .labels = *labels_};
  if (pods_ != nullptr && pods_->collection.synced()) {
    facts.pods.emplace();
    for (const auto& [key, object] : pods_->collection.objects()) {
      if (auto pod = read_pod(object)) facts.pods->push_back(std::move(*pod));
    }
  } else if (pods_ != nullptr && pods_->collection.trouble() && pods_->collection.trouble()->status == 403) {
    facts.no_pods = "the agent may not see pods; apply the overlay that lets it";
  }
  NodePlan plan;
  const auto all = [](const Watched& watched) { return watched.collection.synced() && !watched.collection.missing(); };
  plan.all_sched_policies = all(*policies_);
  plan.all_sched_exts = all(*exts_);
  add_to_plan(plan, policies_->collection.objects(), facts);
  add_to_plan(plan, exts_->collection.objects(), facts);
  return plan;
}

void Agent::sync() {
  sync_due_ = false;
  syncing_ = true;
  run_in_pool_for(
      loop_, [pool = pool_, plan = plan_] { return sync_files(pool->files, plan); },
      [pool = pool_](FileOutcome outcome) {
        if (pool->owner != nullptr) pool->owner->synced(std::move(outcome));
      });
}

void Agent::synced(FileOutcome outcome) {
  syncing_ = false;
  for (const auto& name : outcome.written) log::notice("wrote {}/{}", options_.directory, name);
  for (const auto& name : outcome.removed) log::notice("removed {}/{}", options_.directory, name);
  for (const auto& [name, error] : outcome.errors) {
    if (!outcome_.errors.contains(name)) log::error("{}", error.describe());
  }
  for (const auto& error : outcome.troubles) {
    if (std::ranges::find(outcome_.troubles, error) == outcome_.troubles.end()) log::error("{}", error.describe());
  }
  if (!outcome.written.empty()) written_at_ = clock_.now();
  outcome_ = std::move(outcome);
  if (outcome_.ok()) {
    synced_ = synced_ || policies_->collection.synced();
    retry_.cancel();
  } else {
    retry_.set(options_.retry, [this] {
      sync_due_ = true;
      changed();
    });
  }
  if (sync_due_) return sync();
  report();
}

std::map<std::string, PolicyState> Agent::states() const {
  std::map<std::string, PolicyState> states;
  for (const auto& [file, policy] : plan_.policies) {
    const auto error = outcome_.errors.find(file);
    states.emplace(file, state_of(policy, file, daemon_ ? &*daemon_ : nullptr,
                                  error == outcome_.errors.end() ? nullptr : &error->second));
  }
  return states;
}

std::vector<std::string> Agent::troubles() const {
  std::vector<std::string> lines;
  if (policies_->collection.missing()) {
    lines.emplace_back("the cluster has no SchedPolicies (is the CRD there?); files stay as they are");
  }
  for (const auto& [title, watched] : watched_) {
    const auto& trouble = watched->collection.trouble();
    if (trouble && trouble->status == 403) lines.push_back(title + ": " + trouble->error.text);
  }
  for (const auto& error : outcome_.troubles) lines.push_back(error.describe());
  return lines;
}

void Agent::report() {
  if (syncing_ || !writer_.knows_server()) return;
  const auto states = this->states();
  const bool waits = daemon_ && std::ranges::any_of(states, [](const auto& entry) {
                       return entry.second.phase == PolicyPhase::pending;
                     });
  const auto until = written_at_ + options_.patience;
  if (waits && clock_.now() < until) {
    if (!patience_.is_set()) patience_.set(until - clock_.now(), [this] { report(); });
    return;
  }
  patience_.cancel();
  const NodeReport report{.agent_version = SCHEDKIT_VERSION,
                          .kernel_release = options_.kernel_release,
                          .daemon = daemon_ ? &*daemon_ : nullptr,
                          .plan = plan_,
                          .states = states,
                          .troubles = troubles()};
  writer_.want(node_status(report, writer_.previous(), clock_.wall_now()), node_uid_);
}

void Agent::log_troubles() {
  for (auto& [title, watched] : watched_) {
    const auto& trouble = watched->collection.trouble();
    const bool missing = watched->collection.missing();
    const auto kind =
        trouble ? fmt::format("{}/{}/{}", trouble->status, to_string(trouble->error.code), missing) : std::string();
    if (kind == watched->told) continue;
    if (trouble && missing) {
      log::info("{}: the cluster does not know such objects; files stay as they are", title);
    } else if (trouble) {
      log::warning("{}: {}; what is known stays", title, trouble->error.describe());
    } else {
      log::notice("{}: followed again", title);
    }
    watched->told = kind;
  }
}

}  // namespace schedkit
