#include "core/bus/properties.h"

#include "core/bus/names.h"

namespace schedkit {

Properties properties_of(const Status& status) {
  using bus::printable;
  const RunStatus none;
  const RunStatus& run = status.current ? *status.current : none;
  Properties properties;
  properties.texts = {std::string(to_string(status.state)),
                      printable(run.name),
                      printable(status.kernel.ops),
                      printable(run.image),
                      printable(run.digest),
                      printable(status.wanted.rule),
                      printable(status.wanted.reason),
                      printable(run.mode),
                      printable(status.override_by.value_or("")),
                      printable(status.kernel.state),
                      SCHEDKIT_VERSION};
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(run.started.time_since_epoch()).count();
  properties.since = since > 0 ? static_cast<std::uint64_t>(since) : 0;
  for (const auto& hold : status.holds) {
    properties.holds.push_back(
        {hold.id, printable(hold.scheduler), printable(hold.mode), printable(hold.by), printable(hold.reason)});
  }
  return properties;
}

}  // namespace schedkit
