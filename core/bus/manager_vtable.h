#pragma once

struct sd_bus_vtable;

namespace schedkit {

// The interface io.schedkit.Manager1 for sd-bus, its data being a ManagerService::Attachment.
const sd_bus_vtable* manager_vtable();

}  // namespace schedkit
