// The names that both ends of the bus agree on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit::bus {

constexpr const char* manager_path = "/io/schedkit/Manager1";
constexpr const char* manager_interface = "io.schedkit.Manager1";
constexpr const char* manager_name = "io.schedkit.Manager1";
constexpr const char* job_interface = "io.schedkit.Job1";

constexpr const char* loader_name = "org.scx.Loader";
constexpr const char* loader_path = "/org/scx/Loader";
constexpr const char* loader_interface = "org.scx.Loader";

// A daemon that listens in `run_directory` ("/run/schedkit") does so here.
std::string socket_path(std::string_view run_directory);
// For those who only read, above all sked.
std::string readers_socket_path(std::string_view run_directory);

// "io.schedkit.Error.NotFound" and so on.
std::string error_name(Errc code);

// The code behind an error's name, for D-Bus' own names the nearest; Errc::failed for unknown ones.
Errc error_code(std::string_view name);

// `text` as printable ASCII: other bytes become "\xNN", and beyond `limit` bytes of `text` "..." ends it. D-Bus
// disconnects a peer that sends bytes which are not UTF-8, and terminals obey control bytes.
std::string printable(std::string_view text, std::size_t limit = 4096);

}  // namespace schedkit::bus
