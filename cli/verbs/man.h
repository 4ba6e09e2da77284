#pragma once

#include "cli/verbs/verb.h"

namespace schedkit {

// The hidden verb that writes man pages. `app` is asked for its verbs and options when that runs.
void add_man(CLI::App& app, Session& session);

}  // namespace schedkit
