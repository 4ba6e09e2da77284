// The words of org.scx.Loader, the D-Bus interface of scx_loader, for what our policies and images call otherwise: a
// closed list of scheduler names and five modes by number.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/model.h"

namespace schedkit {

// By number; 0 ("auto" there) is none of ours. The others are keys of [schedulers.NAME.modes].
constexpr std::array<std::string_view, 5> loader_modes{"", "gaming", "powersave", "lowlatency", "server"};

// 0 for what that interface has no word for.
std::uint32_t loader_mode(std::string_view mode);

// Clients of that interface know these names and no others.
bool is_loader_name(std::string_view name);

// What a scheduler is called there: "scx_lavd" for [schedulers.lavd], for [schedulers.scx_lavd], and for any other one
// with the image ghcr.io/schedkit/scx_lavd:1.0.19 or oci:/images:scx_lavd. What has no such name keeps its own.
std::string loader_name(const std::string& name, const std::string& image);

// The first scheduler of the policies that is called so; nullptr when there is none.
const Scheduler* find_by_loader_name(const Policy& policy, std::string_view name);

// The first of these image references that is called so; "" when there is none.
std::string find_by_loader_name(const std::vector<std::string>& references, std::string_view name);

// Which of the names the policies define or an image stands for, sorted.
std::vector<std::string> supported_loader_names(const Policy& policy, const std::vector<std::string>& references);

}  // namespace schedkit
