#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bus/loader_properties.h"

struct sd_bus_message;
struct sd_bus_vtable;

namespace schedkit {

// The interface org.scx.Loader for sd-bus, its data being a LoaderService.
const sd_bus_vtable* loader_vtable();

// As all of sd-bus, these return a negative errno value for an error.
int append_loader_property(sd_bus_message* answer, const std::string& name, const LoaderProperties& properties);
int append_mode_args(sd_bus_message* answer, std::uint32_t mode, const std::vector<std::string>& args);  // (uas)

}  // namespace schedkit
