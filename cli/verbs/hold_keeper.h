#pragma once

#include <string>

#include "cli/verbs/verb.h"

namespace schedkit {

// Starts a process that holds a scheduler for as long as this one lives, whatever program it becomes and however it
// ends, and waits until the hold is in force. Complains and returns false when it is not; an override above the hold is
// such a reason, unless `below_override` says that the hold may wait below it.
//
// The keeper is nobody's child here, has a session of its own and none of our descriptors: the terminal's signals do
// not reach it, and no reader of a pipe waits for it.
bool keep_hold(const Session& session, const std::string& scheduler, Client::HoldOptions options, bool below_override);

}  // namespace schedkit
