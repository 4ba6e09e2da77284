#include "k8s/rollout.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/image/hasher.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;
using Report = RolloutNode::Report;

namespace {

struct PhaseName {
  RolloutPhase phase;
  std::string_view name;
};

constexpr std::array phase_names{
    PhaseName{RolloutPhase::progressing, "Progressing"}, PhaseName{RolloutPhase::soaking, "Soaking"},
    PhaseName{RolloutPhase::paused, "Paused"},           PhaseName{RolloutPhase::complete, "Complete"},
    PhaseName{RolloutPhase::halted, "Halted"},           PhaseName{RolloutPhase::rolled_back, "RolledBack"},
};

std::string hash(std::string_view text) {
  const auto digest = digest_of(text);
  return digest ? digest->hex.substr(0, 16) : std::string(16, '0');
}

// One policy with its nodes, at one moment.
class Rollout {
 public:
  Rollout(const RolloutSpec& spec, std::string_view uid, const std::vector<RolloutNode>& nodes, WallTime now)
      : spec_(spec), uid_(uid), nodes_(nodes), now_(now) {}

  RolloutState begin(const std::string& revision, const std::optional<RolloutState>& before) const {
    RolloutState state{.revision = revision, .step_start = now_};
    if (before) state.stable_revision = before->stable_revision;
    // The way back to what was everywhere is not staged.
    const bool back = revision == state.stable_revision;
    state.percent = !spec_.staged || back ? 100 : has_canaries() ? 0 : first_step();
    return state;
  }

  RolloutStep go_on(RolloutState state) const {
    if (state.phase == RolloutPhase::complete || state.phase == RolloutPhase::rolled_back) return {state};
    if (!spec_.staged) set_percent(state, 100);
    if (spec_.staged && failed(state) > spec_.max_failed) {
      return stopped(state, spec_.roll_back ? RolloutPhase::rolled_back : RolloutPhase::halted);
    }
    if (spec_.paused && state.percent < 100) return stopped(state, RolloutPhase::paused);
    if (!all_fine(state)) return stopped(state, RolloutPhase::progressing);
    if (state.percent == 100) return completed(state);
    if (!state.soak_start) state.soak_start = now_;
    const auto over = *state.soak_start + spec_.soak;
    state.phase = RolloutPhase::soaking;
    if (now_ < over) return {state, over};
    set_percent(state, next_step(state));
    return go_on(std::move(state));
  }

 private:
  bool has_canaries() const {
    return spec_.canaries &&
           std::ranges::any_of(nodes_, [&](const auto& node) { return spec_.canaries->selects(node.labels); });
  }

  std::size_t count(const RolloutState& state) const {
    return std::ranges::count_if(nodes_, [&](const auto& node) { return is_updated(state, spec_, uid_, node); });
  }

  int first_step() const { return next_step({.percent = 0}); }

  // The next one that adds a node; the last one when none does.
  int next_step(RolloutState state) const {
    const auto had = count(state);
    for (const int percent : spec_.steps) {
      if (percent <= state.percent) continue;
      auto wider = state;
      wider.percent = percent;
      if (count(wider) > had) return percent;
    }
    return 100;
  }

  int failed(const RolloutState& state) const {
    return static_cast<int>(std::ranges::count_if(nodes_, [&](const auto& node) {
      return node.report == Report::failed && is_updated(state, spec_, uid_, node);
    }));
  }

  // With no node at all nothing is proven. Failed ones are as many as the spec bears.
  bool all_fine(const RolloutState& state) const {
    return !nodes_.empty() && std::ranges::all_of(nodes_, [&](const auto& node) {
      return !is_updated(state, spec_, uid_, node) || node.report == Report::failed ||
             (node.ready && node.report != Report::none);
    });
  }

  void set_percent(RolloutState& state, int percent) const {
    if (state.percent == percent) return;
    state.percent = percent;
    state.step_start = now_;
    state.soak_start.reset();
  }

  RolloutStep stopped(RolloutState state, RolloutPhase phase) const {
    state.phase = phase;
    state.soak_start.reset();
    return {state};
  }

  RolloutStep completed(RolloutState state) const {
    state.stable_revision = state.revision;
    return stopped(std::move(state), RolloutPhase::complete);
  }

  const RolloutSpec& spec_;
  std::string_view uid_;
  const std::vector<RolloutNode>& nodes_;
  WallTime now_;
};

}  // namespace

std::string rollout_revision(const Json& policy) {
  const auto spec = policy.find("spec");
  Json said = Json::object();
  for (const char* field : {"priority", "default", "rules"}) {
    if (spec != policy.end() && spec->is_object() && spec->contains(field)) said[field] = spec->at(field);
  }
  return hash(said.dump(-1, ' ', true, Json::error_handler_t::replace));
}

int rollout_bucket(std::string_view policy_uid, std::string_view node) {
  const auto digits = hash(fmt::format("{} {}", policy_uid, node));
  return static_cast<int>(std::stoull(digits, nullptr, 16) % 100);
}

std::string_view to_string(RolloutPhase phase) {
  return std::ranges::find(phase_names, phase, &PhaseName::phase)->name;
}

std::optional<RolloutPhase> rollout_phase_of(std::string_view text) {
  const auto found = std::ranges::find(phase_names, text, &PhaseName::name);
  return found == phase_names.end() ? std::nullopt : std::optional(found->phase);
}

bool is_updated(const RolloutState& state, const RolloutSpec& spec, std::string_view policy_uid,
                const RolloutNode& node) {
  return rollout_bucket(policy_uid, node.name) < state.percent ||
         (spec.canaries && spec.canaries->selects(node.labels));
}

RolloutStep next_rollout(const RolloutSpec& spec, const std::string& revision, std::string_view policy_uid,
                         const std::vector<RolloutNode>& nodes, const std::optional<RolloutState>& before,
                         WallTime now) {
  const Rollout rollout(spec, policy_uid, nodes, now);
  const bool same = before && before->revision == revision;
  return rollout.go_on(same ? *before : rollout.begin(revision, before));
}

bool rollout_admits(const Json& policy, std::string_view node, const Labels& labels) {
  const auto spec = read_rollout(policy);
  if (!spec) return false;
  if (!spec->staged) return true;
  const auto state = read_rollout_state(policy);
  if (!state || state->revision != rollout_revision(policy)) return false;
  if (state->phase == RolloutPhase::rolled_back) return false;
  return is_updated(*state, *spec, text_at(policy, {"metadata", "uid"}), {.name = std::string(node), .labels = labels});
}

}  // namespace schedkit
