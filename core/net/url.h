// URLs of HTTP servers (RFC 3986 as libcurl reads it).
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; IPv4 in dotted form however it was written; IPv6 in brackets
  std::string port;    // never empty
  std::string path;    // starts with '/'; still percent-encoded
  std::string query;   // without '?'; still percent-encoded

  // "host:port".
  std::string host_port() const { return host + ":" + port; }
  // "scheme://host:port": credentials for one origin are never sent to another.
  std::string origin() const { return scheme + "://" + host_port(); }
  std::string to_string() const;

  bool operator==(const Url&) const = default;
};

// Errc::invalid for other schemes, user names in the URL, control characters. A fragment is dropped.
Result<Url> parse_url(std::string_view text);

// What `reference`, taken from a document at `base`, means: absolute or relative.
Result<Url> resolve_url(const Url& base, std::string_view reference);

// For one value in a path or a query: everything but letters, digits and "-._~" is encoded.
std::string percent_encode(std::string_view text);

// How near `host` (as in Url) is when it is an address rather than a name. "localhost" and names below it count as
// loopback; an IPv4 address mapped into IPv6 counts as itself.
enum class HostKind { name, global, loopback, internal };  // internal: private, link-local, unspecified, multicast
HostKind host_kind(std::string_view host);

}  // namespace schedkit
