// The blocking client's choices of a scheduler.
#include <systemd/sd-bus.h>

#include <cerrno>

#include "core/bus/client.h"

namespace schedkit {

namespace {

int append_text(sd_bus_message* call, const char* key, const std::string& value) {
  return value.empty() ? 0 : sd_bus_message_append(call, "{sv}", key, "s", value.c_str());
}

int append_args(sd_bus_message* call, const std::vector<std::string>& args) {
  int error = sd_bus_message_open_container(call, 'e', "sv");
  if (error >= 0) error = sd_bus_message_append(call, "s", "args");
  if (error >= 0) error = sd_bus_message_open_container(call, 'v', "as");
  if (error >= 0) error = sd_bus_message_open_container(call, 'a', "s");
  for (const auto& arg : args) {
    if (error >= 0) error = sd_bus_message_append(call, "s", arg.c_str());
  }
  for (int depth = 0; depth < 3; ++depth) {
    if (error >= 0) error = sd_bus_message_close_container(call);
  }
  return error;
}

// The a{sv} of Run and Hold.
Result<void> append_options(sd_bus_message* call, const Client::RunOptions& options) {
  int error = sd_bus_message_open_container(call, 'a', "{sv}");
  if (error >= 0) error = append_text(call, "mode", options.mode);
  if (error >= 0) error = append_text(call, "until", options.until);
  if (error >= 0 && options.args) error = append_args(call, *options.args);
  if (error >= 0) error = sd_bus_message_close_container(call);
  if (error == -EINVAL) return fail(Errc::invalid, "a name or an argument is not UTF-8 text");
  if (error < 0) return fail_errno(-error, "cannot write the call");
  return {};
}

}  // namespace

Result<void> Client::run(const std::string& scheduler, const RunOptions& options) {
  auto request = make_call("Run");
  if (!request) return fail(std::move(request.error()));
  if (sd_bus_message_append(request->get(), "s", scheduler.c_str()) < 0) {
    return fail(Errc::invalid, "the scheduler's name is not UTF-8 text");
  }
  if (auto appended = append_options(request->get(), options); !appended) return appended;
  auto reply = call(*request, longest_switch);
  if (!reply) return fail(std::move(reply.error()));
  return {};
}

Result<std::uint32_t> Client::hold(const std::string& scheduler, const HoldOptions& options) {
  auto request = make_call("Hold");
  if (!request) return fail(std::move(request.error()));
  if (sd_bus_message_append(request->get(), "ss", scheduler.c_str(), options.reason.c_str()) < 0) {
    return fail(Errc::invalid, "the scheduler's name or the reason is not UTF-8 text");
  }
  if (auto appended = append_options(request->get(), {options.mode, options.args, {}}); !appended) {
    return fail(std::move(appended.error()));
  }
  auto reply = call(*request, longest_switch, options.give_up);
  if (!reply) return fail(std::move(reply.error()));
  std::uint32_t cookie = 0;
  if (sd_bus_message_read(reply->get(), "u", &cookie) <= 0) {
    return fail(Errc::invalid, "the daemon's answer to Hold is no number; is it of another version?");
  }
  return cookie;
}

Result<void> Client::wait_for(int fd) {
  for (;;) {
    int progress = 0;
    while ((progress = sd_bus_process(bus_.get(), nullptr)) > 0) {
    }
    if (progress < 0 || !connected()) return fail(Errc::io, "the daemon closed the connection; the hold is over");
    const auto readable = wait_for_traffic(fd, longest_switch);
    if (!readable) return fail(readable.error());
    if (*readable) return {};
  }
}

}  // namespace schedkit
