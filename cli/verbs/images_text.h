// What `schedctl images` prints.
#pragma once

#include <string>
#include <vector>

#include "core/policy/image_commands.h"

namespace schedkit {

// Prints them as `output` ("json" or "text") says, and chooses the exit code.
int report_images(const std::vector<ImageStatus>& images, const std::string& output);

// Of --verify: exit_failed when there are any.
int report_problems(const std::vector<std::string>& problems, const std::string& output);

}  // namespace schedkit
