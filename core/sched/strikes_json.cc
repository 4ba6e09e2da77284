#include <nlohmann/json.hpp>

#include "core/sched/strikes.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;
constexpr int version = 1;

StrikeRecord record_of(const Json& json) {
  StrikeRecord record;
  json.at("digest").get_to(record.key.digest);
  json.at("args").get_to(record.key.args);
  json.at("kernel").get_to(record.key.kernel);
  json.at("scheduler").get_to(record.scheduler);
  json.at("count").get_to(record.count);
  json.at("quarantined").get_to(record.quarantined);
  json.at("reason").get_to(record.reason);
  record.at = WallTime(Duration(json.at("at_ns").get<std::int64_t>()));
  return record;
}

}  // namespace

std::string strikes_json(const std::vector<StrikeRecord>& records) {
  Json list = Json::array();
  for (const auto& record : records) {
    list.push_back({{"digest", record.key.digest},
                    {"args", record.key.args},
                    {"kernel", record.key.kernel},
                    {"scheduler", record.scheduler},
                    {"count", record.count},
                    {"quarantined", record.quarantined},
                    {"reason", record.reason},
                    {"at_ns", record.at.time_since_epoch().count()}});
  }
  return Json{{"version", version}, {"strikes", list}}.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<StrikeRecord>> parse_strikes(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "not a JSON object");
  try {
    if (json.at("version") != version) return fail(Errc::unsupported, "strikes of another version than {}", version);
    std::vector<StrikeRecord> records;
    for (const auto& item : json.at("strikes")) records.push_back(record_of(item));
    return records;
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "{}", error.what());
  }
}

}  // namespace schedkit
