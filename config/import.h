// Policy files from what other tools that switch schedulers were configured with. What has no counterpart here is said:
// as a note with its place, and as a comment in the text.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

struct ImportSource {
  std::string path;
  std::string text;
};

struct Imported {
  std::string name;          // that fits the policy file: "scx-loader.toml"
  std::string text;          // TOML that `schedctl check` accepts
  std::vector<Error> notes;  // what is not the same as before
};

// The image reference of a scheduler such as "scx_lavd"; nothing when the catalogue has none.
using ImageOf = std::function<std::optional<std::string>(const std::string& scheduler)>;

// scx_loader's config.toml: https://github.com/sched-ext/scx-loader, default_sched and default_mode become a rule that
// always holds, each mode one of the scheduler.
Result<Imported> import_scx_loader(const ImportSource& source, const ImageOf& image_of);

// Where scx_loader looks for that file: the first that is there counts, alone (its config.rs, get_config_path).
std::vector<std::string> scx_loader_files();

// /etc/default/scx of scx.service: SCX_SCHEDULER and SCX_FLAGS, as systemd.exec(5) EnvironmentFile= reads it.
Result<Imported> import_scx_service(const ImportSource& source, const ImageOf& image_of);

// Profiles of falcond (https://github.com/PikaOS-Linux/falcond), one rule each; its config.conf among them gives notes.
Result<Imported> import_falcond(const std::vector<ImportSource>& sources, const ImageOf& image_of);

// `name` as a name that policy files may have: other characters become '-'.
std::string import_name(std::string_view name);

// The modes of scx_loader and its clients in our spelling, by theirs ("PowerSave", "power"); nothing for other words.
std::optional<std::string> import_mode(std::string_view word);

}  // namespace schedkit
