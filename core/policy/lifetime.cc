#include "core/policy/lifetime.h"

#include "core/base/text.h"

namespace schedkit {

Result<Lifetime> parse_lifetime(std::string_view text) {
  if (text == "auto") return Lifetime{};
  if (text == "boot") return Lifetime{Lifetime::Kind::boot, Duration(0)};
  const auto duration = parse_duration(text);
  if (!duration || *duration <= Duration::zero()) {
    return fail(Errc::invalid, "{} is no lifetime; write \"auto\", \"boot\" or a duration such as \"2h\"",
                quote(text, 40));
  }
  return Lifetime{Lifetime::Kind::limited, *duration};
}

std::string to_text(const Lifetime& lifetime) {
  switch (lifetime.kind) {
    case Lifetime::Kind::automatic: return "auto";
    case Lifetime::Kind::boot: return "boot";
    case Lifetime::Kind::limited: return format_duration(lifetime.duration);
  }
  return "unknown";
}

}  // namespace schedkit
