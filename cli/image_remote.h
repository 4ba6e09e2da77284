// The way to registries that schedkitd and schedctl-image share.
#pragma once

#include <memory>

#include "core/base/clock.h"
#include "core/image/remote.h"
#include "core/loop/loop.h"
#include "core/policy/model.h"

namespace schedkit {

// Both must outlive it.
std::unique_ptr<ImageRemote> make_image_remote(Loop& loop, const Clock& clock, const Settings& settings);

}  // namespace schedkit
