// Names as the D-Bus specification has them ("Valid Names", "Valid Object Paths").
#pragma once

#include <string_view>

namespace schedkit {

// "org.example.Service". Names like ":1.42" belong to one connection and are none a policy can use.
bool is_well_known_name(std::string_view name);
bool is_interface_name(std::string_view name);
bool is_member_name(std::string_view name);
bool is_object_path(std::string_view path);

}  // namespace schedkit
