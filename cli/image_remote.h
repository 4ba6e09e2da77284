// The way to registries, as containers tools are configured (registries.conf, auth.json).
#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/image/registry/settings.h"
#include "core/image/remote.h"
#include "core/loop/loop.h"

namespace schedkit {

struct RemoteOptions {
  std::string root = {};  // prefix of /etc/containers and /etc/docker, for tests
  unsigned parallel = 6;  // blobs at once
};

// What the files of containers tools say. Blocks on the disk.
Result<RegistrySettings> registry_settings(const RemoteOptions& options);

// Both must outlive it. Blocks on the disk.
std::unique_ptr<ImageRemote> make_image_remote(Loop& loop, const Clock& clock, const RemoteOptions& options);

}  // namespace schedkit
