#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/bus/client_watch.h"
#include "core/bus/controls.h"

namespace schedkit {

// The holds of the clients of one connection: who has which cookie. A hold ends with its client, and all of them with
// this.
class ClientHolds {
 public:
  static constexpr std::size_t most_of_one = 16;
  static constexpr std::size_t most = 1024;

  // Both must outlive it.
  ClientHolds(Controls& controls, ClientWatch& clients) : controls_(controls), clients_(clients) {}
  ~ClientHolds();
  ClientHolds(const ClientHolds&) = delete;
  ClientHolds& operator=(const ClientHolds&) = delete;

  // See Controls::hold. Errc::limit when there are too many.
  void hold(const std::string& client, Controls::HoldCommand command, Controls::HoldDone done);
  // Errc::not_found when the client has no such hold: a cookie is of no use to anybody else.
  Result<void> release(const std::string& client, std::uint32_t cookie);
  // The client has gone.
  void gone(const std::string& client);

 private:
  Result<void> room_for(const std::string& client);

  Controls& controls_;
  ClientWatch& clients_;
  std::map<std::uint32_t, std::string> holds_;                         // cookie → client
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // answers may come later
};

}  // namespace schedkit
