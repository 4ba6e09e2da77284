// The lists that methods of io.schedkit.Manager1 answer with, written into a message. A negative errno value is an error.
#pragma once

#include <vector>

#include "core/base/clock.h"
#include "core/bus/output_log.h"
#include "core/policy/model.h"
#include "core/policy/status.h"

struct sd_bus_message;

namespace schedkit {

int append_rules(sd_bus_message* answer, const std::vector<RuleStatus>& rules, Instant now);  // a(ssisx)
int append_files(sd_bus_message* answer, const std::vector<PolicyFileStatus>& files);         // a(ssssssa(uus)a(uus))
int append_schedulers(sd_bus_message* answer, const std::vector<Scheduler>& schedulers);      // a(ssas)
int append_holds(sd_bus_message* answer, const std::vector<HoldStatus>& holds);               // a(ussss)
int append_output(sd_bus_message* answer, const std::vector<OutputLine>& lines);              // a(ss)

}  // namespace schedkit
