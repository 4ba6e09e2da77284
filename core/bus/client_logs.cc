// The blocking client's calls about what schedulers print.
#include <systemd/sd-bus.h>

#include "core/bus/client.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr std::uint64_t wait_microseconds = 500'000;  // between looks whether somebody wants to end

int on_signal(sd_bus_message* signal, void* data, sd_bus_error*) noexcept {
  const char* scheduler = nullptr;
  const char* text = nullptr;
  if (sd_bus_message_is_signal(signal, bus::manager_interface, "Output") > 0 &&
      sd_bus_message_read(signal, "ss", &scheduler, &text) > 0) {
    static_cast<std::vector<OutputLine>*>(data)->push_back({scheduler, text});
  }
  return 0;
}

}  // namespace

Result<std::vector<OutputLine>> Client::logs(const std::string& scheduler, bool follow) {
  auto request = make_call("Logs");
  if (!request) return fail(std::move(request.error()));
  if (sd_bus_message_append(request->get(), "sb", scheduler.c_str(), static_cast<int>(follow)) < 0) {
    return fail(Errc::invalid, "the scheduler's name is not UTF-8 text");
  }
  auto reply = call(*request, std::chrono::seconds(30));
  if (!reply) return fail(std::move(reply.error()));
  std::vector<OutputLine> lines;
  const char* name = nullptr;
  const char* text = nullptr;
  int more = sd_bus_message_enter_container(reply->get(), 'a', "(ss)");
  while (more > 0 && (more = sd_bus_message_read(reply->get(), "(ss)", &name, &text)) > 0)
    lines.push_back({name, text});
  if (more < 0) return fail(Errc::invalid, "the daemon's answer to Logs cannot be read; is it of another version?");
  return lines;
}

Result<void> Client::follow_logs(const std::string& scheduler,
                                 const std::function<bool(const std::vector<OutputLine>&)>& on_lines) {
  // Before the call: lines may come right behind its answer.
  std::vector<OutputLine> fresh;
  sd_bus_slot* slot = nullptr;
  const int error = sd_bus_add_filter(bus_.get(), &slot, on_signal, &fresh);
  const SlotPtr filter(slot);
  if (error < 0) return fail_errno(-error, "cannot follow the output");
  auto before = logs(scheduler, true);
  if (!before) return fail(std::move(before.error()));
  if (!on_lines(*before)) return {};
  for (;;) {
    const int worked = sd_bus_process(bus_.get(), nullptr);
    if (worked < 0) return fail(Errc::io, "the daemon closed the connection");
    std::vector<OutputLine> lines;
    lines.swap(fresh);
    if (!on_lines(lines)) return {};
    if (worked == 0) sd_bus_wait(bus_.get(), wait_microseconds);
  }
}

}  // namespace schedkit
