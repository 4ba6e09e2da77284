// Finds types by name in the kernel's BTF (Documentation/bpf/btf.rst), with nothing but what that takes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

// The ids of the structs called any of `names`, ascending; none found is no error. `btf` is a whole base BTF blob.
Result<std::vector<std::uint32_t>> find_structs(std::string_view btf, const std::vector<std::string_view>& names);

// The types of the struct_ops maps that carry sched_ext schedulers. Empty on a kernel without sched_ext. Reads some 6
// MB and keeps nothing: call once at start.
Result<std::vector<std::uint32_t>> sched_ext_value_types(const std::string& btf_path = "/sys/kernel/btf/vmlinux");

}  // namespace schedkit
