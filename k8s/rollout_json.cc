// What a SchedPolicy says of its rollout: spec.rollout and status.rollout.
#include "core/base/text.h"
#include "core/bus/time_text.h"
#include "k8s/members.h"
#include "k8s/rollout.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

Result<void> read_steps(RolloutSpec& spec, const Json& steps, const std::string& what) {
  spec.steps.clear();
  for (const auto& step : steps.is_array() ? steps : Json::array()) {
    const int percent = step.is_number_integer() ? step.get<int>() : 0;
    if (percent < 1 || percent > 100 || (!spec.steps.empty() && percent <= spec.steps.back())) {
      return fail(Errc::invalid, "{}.steps must be percentages that rise", what);
    }
    spec.steps.push_back(percent);
  }
  if (spec.steps.empty() || spec.steps.back() != 100) return fail(Errc::invalid, "{}.steps must end with 100", what);
  return {};
}

Result<void> read_staged(RolloutSpec& spec, const Json& staged, const std::string& what) {
  if (!staged.is_object()) return fail(Errc::invalid, "{} is missing", what);
  if (auto read = read_steps(spec, value_at(staged, {"steps"}), what); !read) return read;
  if (const auto& canaries = value_at(staged, {"canarySelector"}); !canaries.is_null()) {
    auto selector = read_selector(canaries, what + ".canarySelector");
    if (!selector) return fail(std::move(selector.error()));
    spec.canaries = std::move(*selector);
  }
  if (const auto& soak = value_at(staged, {"soak"}); !soak.is_null()) {
    auto duration = parse_duration(soak.is_string() ? soak.get<std::string>() : "");
    if (!duration) return fail(with_context(std::move(duration.error()), what + ".soak"));
    spec.soak = *duration;
  }
  if (const auto& most = value_at(staged, {"maxFailed"}); !most.is_null()) {
    if (!most.is_number_integer() || most < 0 || most > 5000) {
      return fail(Errc::invalid, "{}.maxFailed must be an integer from 0 to 5000", what);
    }
    spec.max_failed = most;
  }
  const auto on_failure = text_at(staged, {"onFailure"});
  if (!on_failure.empty() && on_failure != "Halt" && on_failure != "Rollback") {
    return fail(Errc::invalid, "{}.onFailure must be Halt or Rollback", what);
  }
  spec.roll_back = on_failure == "Rollback";
  return {};
}

}  // namespace

Result<RolloutSpec> read_rollout(const Json& policy) {
  RolloutSpec spec;
  const auto& rollout = value_at(policy, {"spec", "rollout"});
  const std::string what = "spec.rollout";
  if (rollout.is_null()) return spec;
  const auto type = text_at(rollout, {"type"});
  if (!type.empty() && type != "AllAtOnce" && type != "Staged") {
    return fail(Errc::invalid, "{}.type must be AllAtOnce or Staged", what);
  }
  spec.staged = type == "Staged";
  if (const auto& paused = value_at(rollout, {"paused"}); !paused.is_null()) {
    if (!paused.is_boolean()) return fail(Errc::invalid, "{}.paused must be true or false", what);
    spec.paused = paused;
  }
  if (spec.staged) {
    if (auto read = read_staged(spec, value_at(rollout, {"staged"}), what + ".staged"); !read) {
      return fail(std::move(read.error()));
    }
  }
  return spec;
}

std::optional<RolloutState> read_rollout_state(const Json& policy) {
  const auto& rollout = value_at(policy, {"status", "rollout"});
  RolloutState state;
  state.revision = text_at(rollout, {"revision"});
  if (state.revision.empty()) return std::nullopt;
  state.stable_revision = text_at(rollout, {"stableRevision"});
  state.phase = rollout_phase_of(text_at(rollout, {"phase"})).value_or(RolloutPhase::progressing);
  if (const auto& percent = value_at(rollout, {"percent"}); percent.is_number_integer()) state.percent = percent;
  state.step_start = parse_time(text_at(rollout, {"stepStartTime"})).value_or(WallTime());
  state.soak_start = parse_time(text_at(rollout, {"soakStartTime"}));
  return state;
}

Json to_json(const RolloutState& state) {
  Json rollout = {{"revision", state.revision},
                  {"phase", to_string(state.phase)},
                  {"percent", state.percent},
                  {"stepStartTime", format_time(state.step_start, false)}};
  if (!state.stable_revision.empty()) rollout["stableRevision"] = state.stable_revision;
  if (state.soak_start) rollout["soakStartTime"] = format_time(*state.soak_start, false);
  return rollout;
}

}  // namespace schedkit
