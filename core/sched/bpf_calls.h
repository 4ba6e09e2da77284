// The bpf(2) calls that the daemon makes on other programs' maps and links. Raw system calls: the daemon needs no
// libbpf for them, and linux/bpf.h of Debian 12 lacks the fields of struct_ops links, so numbers of the ABI are given
// here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

constexpr std::uint32_t bpf_link_create = 28;        // BPF_LINK_CREATE
constexpr std::uint32_t bpf_attach_struct_ops = 44;  // BPF_STRUCT_OPS of enum bpf_attach_type

// The type of a struct_ops map's value in the kernel's BTF, 0 for other maps.
Result<std::uint32_t> map_value_type(const UniqueFd& map);

struct StructOpsLink {
  std::uint32_t id = 0;
  std::uint32_t value_type = 0;  // of the map that it attaches
};

// All struct_ops links of the kernel that have a map. Holds each link's descriptor only while looking at it: a held one
// keeps a scheduler attached. Needs CAP_SYS_ADMIN.
Result<std::vector<StructOpsLink>> struct_ops_links();

// The id of the link that is pinned at `path`; nullopt when something else is, or nothing. Opening a pin does not keep
// it.
std::optional<std::uint32_t> pinned_link_id(const std::string& path);

// BPF_LINK_DETACH. Can block for long and cannot be interrupted. Errc::not_found when there is no such link.
Result<void> detach_link(std::uint32_t id);

}  // namespace schedkit
