// The two services of the desktop that know about power: UPower (org.freedesktop.UPower, property OnBattery) and
// power-profiles-daemon (ActiveProfile), which newer versions offer under the first of two names.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "core/policy/event.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

// What must be followed for these interests.
std::set<PropertyName> power_properties(const Interests& interests);

// What the values mean; `value` gives what is known of a property.
PowerSeen power_seen(const std::function<std::optional<PropertyValue>(const PropertyName&)>& value);

}  // namespace schedkit
