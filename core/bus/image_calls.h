// The part of io.schedkit.Manager1 that is about images, and the objects of pulls under way. manager_service.h lists
// the methods.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/bus/client_watch.h"
#include "core/bus/message.h"
#include "core/policy/image_commands.h"

struct sd_bus_message;

namespace schedkit {

// For one connection. A client's pulls end with it.
class ImageCalls {
 public:
  static constexpr std::size_t most_pulls = 64;

  // All must outlive it; `images` may be null: then every call is refused.
  ImageCalls(ImageCommands* images, const Clock& clock, ClientWatch& clients);
  ~ImageCalls();
  ImageCalls(const ImageCalls&) = delete;
  ImageCalls& operator=(const ImageCalls&) = delete;

  // Handlers of sd-bus methods; they answer the call, now or later.
  int pull(sd_bus* bus, sd_bus_message* call, const std::string& client);
  int list(sd_bus_message* call);
  int remove(sd_bus_message* call);
  int prune(sd_bus_message* call);
  int verify(sd_bus_message* call);
  int verify_trust(sd_bus_message* call);

  // The client has gone.
  void gone(const std::string& client);

 private:
  class Job;

  Result<void> room_for(const std::string& client);
  void end(const Job& job);

  ImageCommands* images_;
  const Clock& clock_;
  ClientWatch& clients_;
  std::list<std::unique_ptr<Job>> jobs_;
};

}  // namespace schedkit
