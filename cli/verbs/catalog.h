// Short names for images: upstream's manifest format, {"scx_rusty": {"imageURI": "registry/repository[:tag]"}}.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace schedkit {

using Catalog = std::map<std::string, std::string>;  // name → image reference

// Unknown members are passed over; Errc::invalid names `file` and the entry at fault.
Result<Catalog> parse_catalog(std::string_view text, const std::string& file);

// $SCHEDKIT_CATALOG if set, else the administrator's /etc/schedkit/catalog.json, else what was fetched last
// (/var/lib/schedkit/catalog.json), else the shipped /usr/share/schedkit/catalog.json; the first one that is there counts,
// alone.
Result<Catalog> load_catalog();

// Where a catalogue that is fetched belongs. Errc::failed while the administrator's own would hide it.
Result<std::string> refreshed_catalog();

// One name per line, or upstream's format.
std::string catalog_text(const Catalog& catalog, bool json);

// `reference` with `tag` in place of its own.
Result<std::string> with_tag(const std::string& reference, const std::string& tag);

// What the catalogue calls so; none when it does not know the name, or the name is a reference.
std::optional<std::string> from_catalog(const std::string& name);

}  // namespace schedkit
