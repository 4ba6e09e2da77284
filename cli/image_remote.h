// The way to registries, as containers tools are configured (registries.conf, auth.json).
#pragma once

#include <memory>

#include "core/base/clock.h"
#include "core/image/remote.h"
#include "core/loop/loop.h"

namespace schedkit {

// Both must outlive it. Blocks on the disk.
std::unique_ptr<ImageRemote> make_image_remote(Loop& loop, const Clock& clock);

}  // namespace schedkit
