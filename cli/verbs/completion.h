#pragma once

#include "cli/verbs/verb.h"

namespace schedkit {

// `completion`, and the hidden verb that its scripts call. `app` is asked for its verbs and options when that runs.
void add_completion(CLI::App& app, Session& session);

}  // namespace schedkit
