#include "core/net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "core/base/text.h"

namespace schedkit {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, FreeUrl>;

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

std::string part(CURLU* url, CURLUPart which, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string result = text;
  curl_free(text);
  return result;
}

Result<Url> url_of(CURLU* parsed, std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::invalid, "{} is not a URL to use: {}", quote(text), why);
  };
  Url url;
  url.scheme = part(parsed, CURLUPART_SCHEME);
  url.host = part(parsed, CURLUPART_HOST);
  url.port = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.path = part(parsed, CURLUPART_PATH);
  url.query = part(parsed, CURLUPART_QUERY);
  if (url.scheme != "https" && url.scheme != "http") return refuse("only http and https are spoken");
  if (!part(parsed, CURLUPART_USER).empty() || !part(parsed, CURLUPART_PASSWORD).empty()) {
    return refuse("it holds a user name");
  }
  if (url.host.empty()) return refuse("it names no host");
  std::ranges::transform(url.host, url.host.begin(), [](unsigned char c) { return std::tolower(c); });
  if (url.path.empty()) url.path = "/";
  return url;
}

HostKind kind_of_v4(std::uint32_t address) {
  const auto within = [&](std::uint32_t network, int bits) { return (address ^ network) >> (32 - bits) == 0; };
  if (within(0x7f000000, 8)) return HostKind::loopback;
  const bool internal = within(0x00000000, 8) || within(0x0a000000, 8) || within(0xac100000, 12) ||
                        within(0xc0a80000, 16) || within(0xa9fe0000, 16) || within(0x64400000, 10) ||
                        within(0xe0000000, 3);
  return internal ? HostKind::internal : HostKind::global;
}

HostKind kind_of_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return HostKind::loopback;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, address.s6_addr + 12, sizeof v4);
    return kind_of_v4(ntohl(v4));
  }
  const bool unique_local = (address.s6_addr[0] & 0xfe) == 0xfc;
  const bool internal = IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
                        IN6_IS_ADDR_SITELOCAL(&address) || IN6_IS_ADDR_MULTICAST(&address) || unique_local;
  return internal ? HostKind::internal : HostKind::global;
}

}  // namespace

std::string Url::to_string() const { return origin() + path + (query.empty() ? "" : "?" + query); }

Result<Url> parse_url(std::string_view text) {
  if (has_control(text)) return fail(Errc::invalid, "{} is not a URL: it holds spaces or control bytes", quote(text));
  const CurlUrl parsed(curl_url());
  const auto status = curl_url_set(parsed.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (status != CURLUE_OK) return fail(Errc::invalid, "{} is not a URL: {}", quote(text), curl_url_strerror(status));
  return url_of(parsed.get(), text);
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (reference.empty() || has_control(reference)) return fail(Errc::invalid, "{} is not a URL", quote(reference));
  const CurlUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, base.to_string().c_str(), 0) != CURLUE_OK) {
    return fail(Errc::invalid, "{} is not a URL", quote(base.to_string()));
  }
  const auto status =
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(reference).c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (status != CURLUE_OK) {
    return fail(Errc::invalid, "{} is not a URL: {}", quote(reference), curl_url_strerror(status));
  }
  return url_of(parsed.get(), reference);
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

HostKind host_kind(std::string_view host) {
  std::string name(host);
  while (!name.empty() && name.back() == '.') name.pop_back();
  if (name == "localhost" || name.ends_with(".localhost")) return HostKind::loopback;
  in_addr v4{};
  if (::inet_pton(AF_INET, name.c_str(), &v4) == 1) return kind_of_v4(ntohl(v4.s_addr));
  if (!name.starts_with('[') || !name.ends_with(']')) return HostKind::name;
  name = name.substr(1, name.size() - 2);
  name = name.substr(0, name.find('%'));  // a zone
  in6_addr v6{};
  return ::inet_pton(AF_INET6, name.c_str(), &v6) == 1 ? kind_of_v6(v6) : HostKind::internal;
}

}  // namespace schedkit
