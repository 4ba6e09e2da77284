// libexec/schedkit/schedctl-image, which does the verbs that need a registry or make an image (cli/image_verbs).
#pragma once

#include <string>
#include <vector>

#include "cli/verbs/verb.h"

namespace schedkit {

// Runs it in place of this program; returns an exit code only when that failed.
int run_image_program(const std::vector<std::string>& arguments);

// The verbs that are its own: versions, info, pack and push. It reads their arguments and answers --help.
void add_image_verbs(CLI::App& app, Session& session);

}  // namespace schedkit
