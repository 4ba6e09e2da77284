// The way to registries, as containers tools are configured (registries.conf, auth.json).
#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/image/registry/settings.h"
#include "core/image/remote.h"
#include "core/loop/loop.h"
#include "core/policy/model.h"

namespace schedkit {

// What the settings' [registry] and the files of containers tools say; those below `root`/etc, for tests. Blocks on the
// disk.
Result<RegistrySettings> registry_settings(const Settings& settings, const std::string& root);

// `loop` and `clock` must outlive it. Blocks on the disk.
std::unique_ptr<ImageRemote> make_image_remote(Loop& loop, const Clock& clock, const Settings& settings,
                                               const std::string& root);

}  // namespace schedkit
