#pragma once

#include <set>
#include <string>

#include "core/bus/bus_link.h"
#include "core/bus/name_owners.h"
#include "core/bus/property_watch.h"
#include "core/bus/signal_watch.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

// Source of signals, properties and power from the system bus. There is a connection only while a rule asks for any of
// them. A bus that is not there is no error: what depends on it is told as unknown, and read when the bus comes.
class BusSource final : public TriggerSource {
 public:
  // An empty `address` is the system bus. `loop` must outlive it.
  explicit BusSource(Loop& loop, std::string address = "");
  ~BusSource() override;

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  void up(sd_bus* bus);
  void down();
  void property_told(const PropertyName& property, const std::optional<PropertyValue>& value);
  void tell_power();
  void tell(Event event);

  Interests interests_;
  std::set<PropertyName> power_;
  Sink sink_;
  std::uint64_t delivered_ = 0;
  BusLink link_;  // goes after what has slots on it
  NameOwners owners_;
  PropertyWatch properties_;
  SignalWatch signals_;
};

}  // namespace schedkit
