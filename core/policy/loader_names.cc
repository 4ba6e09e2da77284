#include "core/policy/loader_names.h"

#include <algorithm>
#include <set>

namespace schedkit {

namespace {

// scx-loader 1.1, crates/scx_loader/src/lib.rs, SupportedSched; then those of later builds.
constexpr std::array<std::string_view, 19> known_names{
    "scx_beerland", "scx_bpfland",     "scx_cake",     "scx_cosmos",  "scx_flash",    "scx_flow",  "scx_lavd",
    "scx_p2dq",     "scx_pandemonium", "scx_rustland", "scx_rusty",   "scx_tickless", "scx_chaos", "scx_eevdf",
    "scx_forge",    "scx_layered",     "scx_maestro",  "scx_mitosis", "scx_mlfq"};

constexpr std::string_view prefix = "scx_";

// "scx_lavd" of "ghcr.io/schedkit/scx_lavd:1.0.19", "ghcr.io/x/scx_lavd@sha256:…" and "oci:/images:scx_lavd".
std::string_view image_name(std::string_view image) {
  if (image.starts_with("oci:")) {
    const auto colon = image.rfind(':');
    return image.substr(colon + 1);
  }
  image = image.substr(0, image.find('@'));
  image = image.substr(image.rfind('/') + 1);
  return image.substr(0, image.find(':'));
}

}  // namespace

std::uint32_t loader_mode(std::string_view mode) {
  const auto found = std::ranges::find(loader_modes, mode);
  return found == loader_modes.end() ? 0 : static_cast<std::uint32_t>(found - loader_modes.begin());
}

bool is_loader_name(std::string_view name) { return std::ranges::find(known_names, name) != known_names.end(); }

std::string loader_name(const std::string& name, const std::string& image) {
  if (is_loader_name(name)) return name;
  if (is_loader_name(std::string(prefix) + name)) return std::string(prefix) + name;
  const auto of_image = image_name(image);
  return of_image.starts_with(prefix) ? std::string(of_image) : name;
}

const Scheduler* find_by_loader_name(const Policy& policy, std::string_view name) {
  const auto found = std::ranges::find_if(policy.schedulers, [&](const Scheduler& scheduler) {
    return loader_name(scheduler.name, scheduler.image) == name;
  });
  return found == policy.schedulers.end() ? nullptr : &*found;
}

std::string find_by_loader_name(const std::vector<std::string>& references, std::string_view name) {
  const auto found = std::ranges::find_if(references, [&](const auto& image) { return image_name(image) == name; });
  return found == references.end() ? "" : *found;
}

std::vector<std::string> supported_loader_names(const Policy& policy, const std::vector<std::string>& references) {
  std::set<std::string> names;
  for (const auto& scheduler : policy.schedulers) names.insert(loader_name(scheduler.name, scheduler.image));
  for (const auto& image : references) names.emplace(image_name(image));
  std::erase_if(names, [](const auto& name) { return !is_loader_name(name); });
  return {names.begin(), names.end()};
}

}  // namespace schedkit
