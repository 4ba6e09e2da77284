#include "core/sched/stop_first.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace schedkit {

namespace {

using Json = nlohmann::json;

constexpr int version = 1;
constexpr std::size_t most_digests = 100;

// As strerror(3) has it, or libbpf ("-16", "-EBUSY").
bool says_busy(const std::vector<std::string>& output) {
  return std::ranges::any_of(output, [](const std::string& line) {
    return line.find("Device or resource busy") != std::string::npos || line.find("EBUSY") != std::string::npos ||
           line.ends_with(": -16");
  });
}

}  // namespace

bool StopFirst::applies(const std::string& digest) const {
  return trying_.contains(digest) || std::ranges::find(known_, digest) != known_.end();
}

bool StopFirst::suggested_by(const std::string& digest, const std::vector<std::string>& output) {
  if (applies(digest) || tried_.contains(digest) || !says_busy(output)) return false;
  tried_.insert(digest);
  trying_.insert(digest);
  return true;
}

void StopFirst::attached(const std::string& digest) {
  if (trying_.erase(digest) == 0) return;
  known_.push_back(digest);
  if (known_.size() > most_digests) known_.erase(known_.begin());
  changed_();
}

std::string stop_first_json(const std::vector<std::string>& digests) {
  return Json{{"version", version}, {"digests", digests}}.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<std::string>> parse_stop_first(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(Errc::invalid, "not a JSON object");
  try {
    if (json.at("version") != version) return fail(Errc::unsupported, "of another version than {}", version);
    return json.at("digests").get<std::vector<std::string>>();
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "{}", error.what());
  }
}

}  // namespace schedkit
