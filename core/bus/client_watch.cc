#include "core/bus/client_watch.h"

namespace schedkit {

ClientWatch::ClientWatch(sd_bus* bus, Gone gone)
    : gone_(std::move(gone)), on_bus_(bus != nullptr), owners_([this](const std::string& name) { looked(name); }) {
  if (on_bus_) owners_.up(bus);
}

bool ClientWatch::add(const std::string& client) {
  if (!on_bus_) return true;
  if (!interests_.contains(client) && interests_.size() >= most_clients) return false;
  if (++interests_[client] == 1) follow();
  return true;
}

void ClientWatch::remove(const std::string& client) {
  const auto found = interests_.find(client);
  if (found == interests_.end() || --found->second > 0) return;
  interests_.erase(found);
  follow();
}

void ClientWatch::follow() {
  std::set<std::string> names;
  for (const auto& [client, count] : interests_) names.insert(client);
  owners_.follow(names);
}

void ClientWatch::looked(const std::string& name) {
  if (!owners_.owner(name).empty()) return;
  const std::string client = name;  // `name` ends with what follows
  interests_.erase(client);
  follow();
  gone_(client);
}

}  // namespace schedkit
