#include "core/bus/power.h"

#include <array>

namespace schedkit {

namespace {

const PropertyName& on_battery() {
  static const PropertyName property{BusKind::system, "org.freedesktop.UPower", "/org/freedesktop/UPower",
                                     "org.freedesktop.UPower", "OnBattery"};
  return property;
}

const std::array<PropertyName, 2>& active_profiles() {
  static const std::array<PropertyName, 2> properties{
      {{BusKind::system, "org.freedesktop.UPower.PowerProfiles", "/org/freedesktop/UPower/PowerProfiles",
        "org.freedesktop.UPower.PowerProfiles", "ActiveProfile"},
       {BusKind::system, "net.hadess.PowerProfiles", "/net/hadess/PowerProfiles", "net.hadess.PowerProfiles",
        "ActiveProfile"}}};
  return properties;
}

std::optional<PowerProfile> profile_of(const std::string& name) {
  if (name == "performance") return PowerProfile::performance;
  if (name == "balanced") return PowerProfile::balanced;
  if (name == "power-saver") return PowerProfile::power_saver;
  return std::nullopt;
}

}  // namespace

std::set<PropertyName> power_properties(const Interests& interests) {
  std::set<PropertyName> properties;
  if (interests.power_source) properties.insert(on_battery());
  if (interests.power_profile) properties.insert(active_profiles().begin(), active_profiles().end());
  return properties;
}

PowerSeen power_seen(const std::function<std::optional<PropertyValue>(const PropertyName&)>& value) {
  PowerSeen seen;
  const auto battery = value(on_battery());
  if (const auto* on = battery ? std::get_if<bool>(&*battery) : nullptr) {
    seen.source = *on ? PowerSource::battery : PowerSource::ac;
  }
  for (const auto& property : active_profiles()) {
    const auto active = value(property);
    const auto* name = active ? std::get_if<std::string>(&*active) : nullptr;
    if (name != nullptr && !seen.profile) seen.profile = profile_of(*name);
  }
  return seen;
}

}  // namespace schedkit
