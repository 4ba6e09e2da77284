// /etc/containers/registries.conf and registries.conf.d/*.conf, version 2 (containers-registries.conf(5)). We follow
// [[registry]] with prefix, location, insecure, blocked, mirror-by-digest-only and mirrors; short names and search lists
// need a person to ask and are passed over, as are keys that we do not know: the file is not ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/registry/settings.h"

namespace schedkit {

// The rules of one file. `file` goes into the places of rules and errors.
Result<std::vector<RegistryRule>> parse_registries(std::string_view text, const std::string& file);

// `main`, then every *.conf of `directory` in the order of names; a later rule takes the place of an earlier one with the
// same prefix. Missing files are no error. $CONTAINERS_REGISTRIES_CONF is not looked at. Blocks on the disk.
Result<std::vector<RegistryRule>> load_registries(const std::string& main = "/etc/containers/registries.conf",
                                                  const std::string& directory = "/etc/containers/registries.conf.d");

}  // namespace schedkit
