#pragma once

#include "core/base/result.h"
#include "core/bus/message.h"
#include "core/policy/condition.h"

namespace schedkit {

// Reads the variant at the message's present place and goes on behind it. Errc::unsupported when its type has no
// counterpart in PropertyValue, Errc::invalid when there is no variant.
Result<PropertyValue> read_variant(sd_bus_message* message);

}  // namespace schedkit
