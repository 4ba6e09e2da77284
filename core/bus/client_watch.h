#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/bus/name_owners.h"

namespace schedkit {

// Which clients of a bus are of interest, and when one of them goes away. Clients are unique names; of the one client
// of a private connection, "", nothing is ever told here: it ends with the connection.
class ClientWatch {
 public:
  // One more client is refused: each costs a match on the bus, which limits those to 512 of one connection.
  static constexpr std::size_t most_clients = 256;

  // The client is gone; its interests are forgotten already.
  using Gone = std::function<void(const std::string& client)>;

  // `bus` is null for a private connection.
  ClientWatch(sd_bus* bus, Gone gone);

  // Counted. False when there are too many clients.
  bool add(const std::string& client);
  void remove(const std::string& client);

 private:
  void follow();
  void looked(const std::string& client);

  Gone gone_;
  bool on_bus_;
  std::map<std::string, std::size_t> interests_;
  NameOwners owners_;
};

}  // namespace schedkit
