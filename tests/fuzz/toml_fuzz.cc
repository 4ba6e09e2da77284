// Any bytes give a policy or errors, never a crash; an accepted scheduler survives being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/parse.h"
#include "config/write_scheduler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedkit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_text(text, {"schedkit.toml", "schedkit.toml", PolicyLayer::admin});
  (void)parse_text(text, {"x.toml", "x.toml", PolicyLayer::cluster});
  const auto parsed = parse_text(text, {"x.toml", "x.toml", PolicyLayer::admin});
  if (!parsed.ok()) return 0;
  for (const auto& scheduler : parsed.text.schedulers) {
    const auto again = parse_text(to_toml(scheduler), {"x.toml", "x.toml", PolicyLayer::admin});
    if (!again.ok() || again.text.schedulers.size() != 1 || !(again.text.schedulers[0] == scheduler)) std::abort();
  }
  return 0;
}
