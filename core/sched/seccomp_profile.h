#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace schedkit {

// The runtime-spec "linux.seccomp" object: the attach gate, whose listener goes to `gate_socket` with `metadata`, and
// unless `gate_only` the list of system calls that no scheduler needs (EPERM).
nlohmann::json seccomp_profile(const std::string& gate_socket, const std::string& metadata, bool gate_only,
                               bool wait_killable);

}  // namespace schedkit
