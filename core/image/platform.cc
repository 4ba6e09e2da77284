#include "core/image/platform.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

// x86-64 psABI levels; only the features that tell the levels apart on real processors.
std::string amd64_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) return "v1";
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma")) return "v2";
  if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl")) return "v3";
  return "v4";
#else
  return "v1";
#endif
}

// The number in "v7"; the architecture's default for "", -1 for anything else.
int variant_number(const Platform& platform) {
  if (platform.variant.empty()) {
    if (platform.architecture == "amd64") return 1;
    if (platform.architecture == "arm64") return 8;
    if (platform.architecture == "arm") return 7;
    return 0;
  }
  if (platform.variant.front() != 'v') return -1;
  const auto number = parse_unsigned(std::string_view(platform.variant).substr(1));
  return number && *number < 100 ? static_cast<int>(*number) : -1;
}

}  // namespace

std::string Platform::to_string() const {
  std::string text = os + "/" + architecture;
  return variant.empty() ? text : text + "/" + variant;
}

Platform platform_of_machine(std::string_view machine) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> names{
      {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"loongarch64", "loong64"}, {"i686", "386"}, {"i386", "386"}}};
  if (machine.starts_with("armv")) return {"linux", "arm", std::string(machine.substr(3, 2))};
  const auto* const found = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == machine; });
  return {"linux", std::string(found == names.end() ? machine : found->second), ""};
}

Platform host_platform() {
  struct utsname name {};
  ::uname(&name);
  Platform platform = platform_of_machine(name.machine);
  if (platform.architecture == "amd64") platform.variant = amd64_level();
  return platform;
}

int platform_rank(const Platform& image, const Platform& host) {
  if (image.os != "linux" || image.architecture != host.architecture) return -1;
  const int variant = variant_number(image);
  const int highest = variant_number(host);
  return variant < 0 || variant > highest ? -1 : variant;
}

Result<void> require_platform(const Platform& image, const Platform& host, std::string_view what) {
  if (platform_rank(image, host) >= 0) return {};
  return fail(Errc::unsupported, "{} is for {}, this machine is {}", what, quote(image.to_string()), host.to_string());
}

}  // namespace schedkit
