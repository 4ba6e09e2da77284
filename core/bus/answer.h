// Answers to method calls, at once or later.
#pragma once

#include <functional>

#include "core/base/result.h"

struct sd_bus_message;

namespace schedkit::bus {

// sd-bus takes 0 for "not handled": a handler that has answered or will answer returns more.
constexpr int handled = 1;

// An error with its name of names.h. As all of sd-bus, a negative errno value when it cannot be sent.
int refuse(sd_bus_message* call, const Error& error);
int answer(sd_bus_message* call, const Result<void>& result);

// Answers `call` when something is over. The caller may have gone by then.
std::function<void(Result<void>)> answer_later(sd_bus_message* call);

// What became of an answer that nobody waits for any more is no news; other failures to send are logged.
void note_unsent(int sent);

}  // namespace schedkit::bus
