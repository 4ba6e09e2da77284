#include "core/image/registry/context.h"

namespace schedkit::registry {

bool Session::may_speak_http() const {
  if (endpoint.insecure) return true;
  const auto url = parse_url("http://" + endpoint.api_host());
  return url && host_kind(url->host) == HostKind::loopback;
}

Session& Context::session(const Endpoint& endpoint) {
  auto& session = sessions[endpoint.name() + (endpoint.insecure ? " insecure" : "")];
  if (!session) session = std::make_unique<Session>(Session{endpoint, {}, {}, {}});
  return *session;
}

void Context::warn(const Session& session, const HttpHead& head) {
  constexpr std::size_t most_warnings = 64;
  for (const auto& text : parse_warnings(head.all("warning"))) {
    const std::string warning = session.endpoint.host + ": " + text;
    if (warnings.size() >= most_warnings || !warnings.insert(warning).second || !hooks.warning) continue;
    hooks.warning(warning);
  }
}

}  // namespace schedkit::registry
