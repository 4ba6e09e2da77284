// What verbs about images print.
#pragma once

#include <string>
#include <vector>

#include "core/policy/image_commands.h"

namespace schedkit {

// Prints what an image is called now and its digest, as `output` ("json" or "text") says, and chooses the exit code.
int report_image(const std::string& name, const std::string& digest, const std::string& output);

// The same of `schedctl images`.
int report_images(const std::vector<ImageStatus>& images, const std::string& output);

// Of --verify: exit_failed when there are any.
int report_problems(const std::vector<std::string>& problems, const std::string& output);

}  // namespace schedkit
