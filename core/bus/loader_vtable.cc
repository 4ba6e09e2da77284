#include "core/bus/loader_vtable.h"

#include <systemd/sd-bus.h>

#include <cerrno>

#include "core/bus/loader_service.h"
#include "core/bus/names.h"
#include "core/policy/loader_names.h"

namespace schedkit {

namespace {

template <LoaderService::Method method>
int with(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<LoaderService*>(data)->authorized(call, method);
}

// The cookie is the permission.
int on_release(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<LoaderService*>(data)->release(call);
}

int on_modes(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<const LoaderService*>(data)->modes(call);
}

int on_mode_args(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<const LoaderService*>(data)->mode_args(call);
}

int get(sd_bus*, const char*, const char*, const char* name, sd_bus_message* answer, void* data,
        sd_bus_error*) noexcept {
  return static_cast<const LoaderService*>(data)->property(name, answer);
}

int append_texts(sd_bus_message* answer, const std::vector<std::string>& texts) {
  int error = sd_bus_message_open_container(answer, 'a', "s");
  for (const auto& text : texts) {
    if (error >= 0) error = sd_bus_message_append(answer, "s", bus::printable(text).c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_holds(sd_bus_message* answer, const std::vector<HoldStatus>& holds) {
  int error = sd_bus_message_open_container(answer, 'a', "(ususs)");
  for (const auto& hold : holds) {
    if (error < 0) return error;
    error = sd_bus_message_append(answer, "(ususs)", hold.id, hold.scheduler.c_str(), loader_mode(hold.mode),
                                  hold.reason.c_str(), hold.by.c_str());
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

// sd-bus would ask the bus who a caller is, and wait: everything is open to it, and authorized() asks.
constexpr std::uint64_t open = SD_BUS_VTABLE_UNPRIVILEGED;
constexpr std::uint64_t changes = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;

const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("StartScheduler", SD_BUS_ARGS("s", scx_name, "u", sched_mode), SD_BUS_NO_RESULT,
                            with<&LoaderService::start>, open),
    SD_BUS_METHOD_WITH_ARGS("StartSchedulerWithArgs", SD_BUS_ARGS("s", scx_name, "as", scx_args), SD_BUS_NO_RESULT,
                            with<&LoaderService::start_with_args>, open),
    SD_BUS_METHOD_WITH_ARGS("SwitchScheduler", SD_BUS_ARGS("s", scx_name, "u", sched_mode), SD_BUS_NO_RESULT,
                            with<&LoaderService::start>, open),
    SD_BUS_METHOD_WITH_ARGS("SwitchSchedulerWithArgs", SD_BUS_ARGS("s", scx_name, "as", scx_args), SD_BUS_NO_RESULT,
                            with<&LoaderService::start_with_args>, open),
    SD_BUS_METHOD_WITH_ARGS("StopScheduler", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, with<&LoaderService::stop>, open),
    SD_BUS_METHOD_WITH_ARGS("RestartScheduler", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, with<&LoaderService::restart>, open),
    SD_BUS_METHOD_WITH_ARGS("RestoreDefault", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, with<&LoaderService::restore_default>,
                            open),
    SD_BUS_METHOD_WITH_ARGS("SchedulerModes", SD_BUS_ARGS("s", scx_name), SD_BUS_RESULT("au", modes), on_modes, open),
    SD_BUS_METHOD_WITH_ARGS("SchedulerModeArgs", SD_BUS_ARGS("s", scx_name), SD_BUS_RESULT("a(uas)", mode_args),
                            on_mode_args, open),
    SD_BUS_METHOD_WITH_ARGS("HoldScheduler",
                            SD_BUS_ARGS("s", scx_name, "u", sched_mode, "s", reason, "s", application_id),
                            SD_BUS_RESULT("u", cookie), with<&LoaderService::hold>, open),
    SD_BUS_METHOD_WITH_ARGS("ReleaseScheduler", SD_BUS_ARGS("u", cookie), SD_BUS_NO_RESULT, on_release, open),
    SD_BUS_PROPERTY("CurrentScheduler", "s", get, 0, changes),
    SD_BUS_PROPERTY("SchedulerMode", "u", get, 0, changes),
    SD_BUS_PROPERTY("CurrentSchedulerArgs", "as", get, 0, changes),
    SD_BUS_PROPERTY("SupportedSchedulers", "as", get, 0, changes),
    SD_BUS_PROPERTY("DefaultScheduler", "s", get, 0, changes),
    SD_BUS_PROPERTY("DefaultMode", "u", get, 0, changes),
    SD_BUS_PROPERTY("DaemonGeneration", "s", get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("ActiveHolds", "a(ususs)", get, 0, changes),
    SD_BUS_VTABLE_END};

}  // namespace

const sd_bus_vtable* loader_vtable() { return vtable; }

int append_mode_args(sd_bus_message* answer, std::uint32_t mode, const std::vector<std::string>& args) {
  int error = sd_bus_message_open_container(answer, 'r', "uas");
  if (error >= 0) error = sd_bus_message_append(answer, "u", mode);
  if (error >= 0) error = append_texts(answer, args);
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_loader_property(sd_bus_message* answer, const std::string& name, const LoaderProperties& properties) {
  if (name == "CurrentScheduler") return sd_bus_message_append(answer, "s", properties.current.c_str());
  if (name == "SchedulerMode") return sd_bus_message_append(answer, "u", properties.mode);
  if (name == "CurrentSchedulerArgs") return append_texts(answer, properties.args);
  if (name == "SupportedSchedulers") return append_texts(answer, properties.supported);
  if (name == "DefaultScheduler") return sd_bus_message_append(answer, "s", properties.default_scheduler.c_str());
  if (name == "DefaultMode") return sd_bus_message_append(answer, "u", properties.default_mode);
  if (name == "ActiveHolds") return append_holds(answer, properties.holds);
  return -ENOENT;
}

}  // namespace schedkit
