#include "core/bus/client_holds.h"

#include <algorithm>

namespace schedkit {

ClientHolds::~ClientHolds() {
  for (const auto& [cookie, client] : holds_) controls_.release_hold(cookie);
}

Result<void> ClientHolds::room_for(const std::string& client) {
  const auto own = std::ranges::count_if(holds_, [&](const auto& hold) { return hold.second == client; });
  if (own >= static_cast<std::ptrdiff_t>(most_of_one)) {
    return fail(Errc::limit, "this client has {} holds already; release one", own);
  }
  if (holds_.size() >= most) return fail(Errc::limit, "there are {} holds already", holds_.size());
  if (!clients_.add(client)) return fail(Errc::limit, "{} clients hold or pull already", ClientWatch::most_clients);
  return {};
}

void ClientHolds::hold(const std::string& client, Controls::HoldCommand command, Controls::HoldDone done) {
  if (auto room = room_for(client); !room) return done(0, std::move(room));
  controls_.hold(
      std::move(command), [&](std::uint32_t cookie) { holds_.emplace(cookie, client); },
      [this, client, done = std::move(done), alive = std::weak_ptr(alive_)](std::uint32_t cookie, Result<void> result) {
        // A refused one was never there; a failed one is gone.
        if (!result && !alive.expired() && (cookie == 0 || holds_.erase(cookie) > 0)) clients_.remove(client);
        done(cookie, std::move(result));
      });
}

Result<void> ClientHolds::release(const std::string& client, std::uint32_t cookie) {
  const auto found = holds_.find(cookie);
  if (found == holds_.end() || found->second != client) {
    return fail(Errc::not_found, "this client has no hold {}", cookie);
  }
  holds_.erase(found);
  clients_.remove(client);
  controls_.release_hold(cookie);
  return {};
}

void ClientHolds::gone(const std::string& client) {
  std::vector<std::uint32_t> cookies;
  for (const auto& [cookie, owner] : holds_) {
    if (owner == client) cookies.push_back(cookie);
  }
  for (const auto cookie : cookies) {
    holds_.erase(cookie);
    controls_.release_hold(cookie);
  }
}

}  // namespace schedkit
