#include "core/bus/manager_lists.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <set>

#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr std::size_t longest_line = 8192;  // bytes of a line of output that are told

// -1 without `until`; what is due is 0.
std::int64_t milliseconds_until(const std::optional<Instant>& until, Instant now) {
  if (!until) return -1;
  return std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*until - now).count());
}

int append_errors(sd_bus_message* answer, const std::vector<Error>& errors) {
  int result = sd_bus_message_open_container(answer, 'a', "(uus)");
  for (const auto& error : errors) {
    if (result < 0) return result;
    result = sd_bus_message_append(answer, "(uus)", error.where.line, error.where.column,
                                   bus::printable(error.text).c_str());
  }
  return result < 0 ? result : sd_bus_message_close_container(answer);
}

int append_file(sd_bus_message* answer, const PolicyFileStatus& file) {
  int error = sd_bus_message_open_container(answer, 'r', "ssssssa(uus)a(uus)");
  if (error >= 0) {
    error =
        sd_bus_message_append(answer, "ssssss", bus::printable(file.path).c_str(), bus::printable(file.layer).c_str(),
                              to_string(file.state).data(), bus::printable(file.hidden_by).c_str(),
                              bus::printable(file.sha256).c_str(), bus::printable(file.sha256_in_force).c_str());
  }
  if (error >= 0) error = append_errors(answer, file.errors);
  if (error >= 0) error = append_errors(answer, file.warnings);
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_scheduler(sd_bus_message* answer, const Scheduler& scheduler) {
  int error = sd_bus_message_open_container(answer, 'r', "ssas");
  if (error >= 0) {
    error = sd_bus_message_append(answer, "ss", bus::printable(scheduler.name).c_str(),
                                  bus::printable(scheduler.image).c_str());
  }
  if (error >= 0) error = sd_bus_message_open_container(answer, 'a', "s");
  for (const auto& [mode, args] : scheduler.modes) {
    if (error >= 0) error = sd_bus_message_append(answer, "s", bus::printable(mode).c_str());
  }
  if (error >= 0) error = sd_bus_message_close_container(answer);
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

}  // namespace

int append_rules(sd_bus_message* answer, const std::vector<RuleStatus>& rules, Instant now) {
  int error = sd_bus_message_open_container(answer, 'a', "(ssisx)");
  for (const auto& rule : rules) {
    if (error < 0) return error;
    error =
        sd_bus_message_append(answer, "(ssisx)", bus::printable(rule.rule).c_str(), bus::printable(rule.use).c_str(),
                              rule.priority, to_string(rule.state).data(), milliseconds_until(rule.until, now));
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_files(sd_bus_message* answer, const std::vector<PolicyFileStatus>& files) {
  int error = sd_bus_message_open_container(answer, 'a', "(ssssssa(uus)a(uus))");
  for (const auto& file : files) {
    if (error < 0) return error;
    error = append_file(answer, file);
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

// What a name means: those that a higher layer hides are left out.
int append_schedulers(sd_bus_message* answer, const std::vector<Scheduler>& schedulers) {
  std::set<std::string> names;
  int error = sd_bus_message_open_container(answer, 'a', "(ssas)");
  for (const auto& scheduler : schedulers) {
    if (error >= 0 && names.insert(scheduler.name).second) error = append_scheduler(answer, scheduler);
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_holds(sd_bus_message* answer, const std::vector<HoldStatus>& holds) {
  int error = sd_bus_message_open_container(answer, 'a', "(ussss)");
  for (const auto& hold : holds) {
    if (error < 0) return error;
    error = sd_bus_message_append(answer, "(ussss)", hold.id, bus::printable(hold.scheduler).c_str(),
                                  bus::printable(hold.mode).c_str(), bus::printable(hold.by).c_str(),
                                  bus::printable(hold.reason).c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_output(sd_bus_message* answer, const std::vector<OutputLine>& lines) {
  int error = sd_bus_message_open_container(answer, 'a', "(ss)");
  for (const auto& line : lines) {
    if (error < 0) return error;
    error = sd_bus_message_append(answer, "(ss)", bus::printable(line.scheduler).c_str(),
                                  bus::printable(line.text, longest_line).c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

}  // namespace schedkit
