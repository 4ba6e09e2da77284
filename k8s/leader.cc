#include "k8s/leader.h"

#include "core/bus/time_text.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

// metav1.MicroTime has six digits, always.
std::string micro_time(WallTime time) {
  auto text = format_time(time, false);
  return text.replace(text.size() - 1, 1, ".000000Z");
}

}  // namespace

Leader::Action Leader::look(const Json& lease, Instant now, WallTime wall) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.lease).count();
  Json spec = {{"holderIdentity", options_.identity},
               {"leaseDurationSeconds", seconds},
               {"acquireTime", micro_time(wall)},
               {"renewTime", micro_time(wall)},
               {"leaseTransitions", 0}};
  if (!lease.is_object()) {
    const Json metadata = {{"name", options_.name}, {"namespace", options_.name_space}};
    return {Action::Kind::create,
            {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", metadata}, {"spec", spec}}};
  }
  const auto holder = text_at(lease, {"spec", "holderIdentity"});
  const auto seen = holder + " " + text_at(lease, {"spec", "renewTime"});
  if (seen != seen_) {
    seen_ = seen;
    seen_since_ = now;
  }
  const bool ours = holder == options_.identity;
  if (!ours && !holder.empty() && now - seen_since_ < options_.lease) {
    led_.reset();
    return {};
  }
  Json mine = lease;
  const auto& before = lease.contains("spec") ? lease.at("spec") : Json::object();
  const auto turns = before.value("leaseTransitions", Json(0));
  spec["leaseTransitions"] = (turns.is_number_integer() ? turns.get<int>() : 0) + (ours ? 0 : 1);
  if (ours && before.contains("acquireTime")) spec["acquireTime"] = before.at("acquireTime");
  mine["spec"] = std::move(spec);
  return {Action::Kind::replace, std::move(mine)};
}

}  // namespace schedkit
