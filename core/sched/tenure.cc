#include "core/sched/tenure.h"

#include <nlohmann/json.hpp>

#include "core/sched/running_record.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;

constexpr int version = 1;

}  // namespace

std::string tenure_json(const Tenure& tenure) {
  Json json = {{"version", version},
               {"run", tenure.run},
               {"attached_ns", tenure.attached_at.time_since_epoch().count()},
               {"ops", tenure.ops},
               {"proved", tenure.proved}};
  if (tenure.before) json["before"] = Json::parse(choice_json(*tenure.before));
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Tenure> parse_tenure(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "not a JSON object");
  try {
    if (json.at("version") != version) return fail(Errc::unsupported, "of another version than {}", version);
    Tenure tenure;
    json.at("run").get_to(tenure.run);
    tenure.attached_at = Instant(Duration(json.at("attached_ns").get<std::int64_t>()));
    json.at("ops").get_to(tenure.ops);
    json.at("proved").get_to(tenure.proved);
    if (!json.contains("before")) return tenure;
    auto before = parse_choice(json.at("before").dump());
    if (!before) return fail(std::move(before.error()));
    tenure.before = std::move(*before);
    return tenure;
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "{}", error.what());
  }
}

}  // namespace schedkit
