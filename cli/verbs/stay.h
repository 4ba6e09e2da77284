#pragma once

#include <cstddef>

#include "cli/verbs/verb.h"

namespace schedkit {

// `schedctl run --attach`, after the kernel has confirmed: prints what the scheduler prints, but for the first `known`
// lines of the daemon's, until it is not attached any more (the reason is told; exit_failed), or until Ctrl-C or SIGTERM,
// which take the choice back as `schedctl auto` does.
int stay(Client& client, std::size_t known);

}  // namespace schedkit
