#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/bus/message.h"

namespace schedkit {

// A well-known name on a bus that we want to own: asked for without blocking, waited for while somebody else has it, and
// asked for again on every new connection.
class BusName {
 public:
  // What became of claim(): nothing, Errc::busy with the present owner still there (it is taken when that goes), or why
  // the bus refuses. Called for each answer and each change.
  using Told = std::function<void(const Result<void>& owned)>;

  BusName(std::string name, Told told) : name_(std::move(name)), told_(std::move(told)) {}
  BusName(const BusName&) = delete;
  BusName& operator=(const BusName&) = delete;

  // The bus is there; asks when claimed. down(): all slots are gone; nobody is told.
  void up(sd_bus* bus);
  void down();

  void claim();
  void give_up();

  const std::string& name() const { return name_; }
  bool claimed() const { return claimed_; }
  bool owned() const { return owned_; }

 private:
  void ask();
  void answered(sd_bus_message* reply);
  void acquired();
  void lost();

  const std::string name_;
  Told told_;
  sd_bus* bus_ = nullptr;
  bool claimed_ = false;
  bool owned_ = false;
  SlotPtr request_;
  SlotPtr acquired_;
  SlotPtr lost_;
};

}  // namespace schedkit
