#include "core/bus/answer.h"

#include <systemd/sd-bus.h>

#include <cerrno>
#include <cstring>

#include "core/base/log.h"
#include "core/bus/message.h"
#include "core/bus/names.h"

namespace schedkit::bus {

int refuse(sd_bus_message* call, const Error& error) {
  return sd_bus_reply_method_errorf(call, error_name(error.code).c_str(), "%s", printable(error.describe()).c_str());
}

int answer(sd_bus_message* call, const Result<void>& result) {
  return result ? sd_bus_reply_method_return(call, "") : refuse(call, result.error());
}

std::function<void(Result<void>)> answer_later(sd_bus_message* call) {
  return [held = Message::share(call)](const Result<void>& result) { note_unsent(answer(held.get(), result)); };
}

void note_unsent(int sent) {
  if (sent >= 0 || sent == -ENOTCONN || sent == -ECONNRESET || sent == -EPIPE) return;
  log::warning("cannot answer a command: {}", std::strerror(-sent));
}

}  // namespace schedkit::bus
