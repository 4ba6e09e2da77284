#include "core/net/url.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Url){std::string resolved(const char* base,
                                     const char* reference){const auto url = resolve_url(*parse_url(base), reference);
return url ? url->to_string() : url.error().text;
}
}
;

TEST(Url, parts_are_told_with_defaults_filled_in) {
  const auto url = parse_url("HTTPS://Registry.Example/v2/a%20b?n=1&x=%2F#frag");
  CHECK_TRUE(url.has_value());
  STRCMP_EQUAL("https", url->scheme.c_str());
  STRCMP_EQUAL("registry.example", url->host.c_str());
  STRCMP_EQUAL("443", url->port.c_str());
  STRCMP_EQUAL("/v2/a%20b", url->path.c_str());
  STRCMP_EQUAL("n=1&x=%2F", url->query.c_str());
  STRCMP_EQUAL("https://registry.example:443/v2/a%20b?n=1&x=%2F", url->to_string().c_str());
  STRCMP_EQUAL("80", parse_url("http://[::1]")->port.c_str());
  STRCMP_EQUAL("[::1]:80", parse_url("http://[::1]")->host_port().c_str());
}

TEST(Url, what_is_not_for_us_is_refused) {
  for (const char* text : {"ftp://x/", "file:///etc/passwd", "//x/", "/v2/", "", "https://", "https://user@x/",
                           "https://u:p@x/", "https://x/\n", "https://x/a b", "javascript:1"}) {
    CHECK_FALSE_TEXT(parse_url(text).has_value(), text);
  }
}

TEST(Url, references_are_resolved) {
  STRCMP_EQUAL("https://x:5000/v2/n/tags/list?n=2", resolved("https://x:5000/v2/n/tags/list?n=1", "?n=2").c_str());
  STRCMP_EQUAL("https://x:5000/v2/other", resolved("https://x:5000/v2/n/tags", "/v2/other").c_str());
  STRCMP_EQUAL("https://x:5000/v2/n/b", resolved("https://x:5000/v2/n/a", "b").c_str());
  STRCMP_EQUAL("http://y:80/z", resolved("https://x/", "http://y/z").c_str());
  CHECK_FALSE(resolve_url(*parse_url("https://x/"), "file:///etc/shadow").has_value());
  CHECK_FALSE(resolve_url(*parse_url("https://x/"), "https://u:p@y/").has_value());
  CHECK_FALSE(resolve_url(*parse_url("https://x/"), "a\r\nb").has_value());
}

TEST(Url, values_are_encoded) {
  STRCMP_EQUAL("a-b_c.d~%2F%3A%20%C3%A9", percent_encode("a-b_c.d~/: \xc3\xa9").c_str());
}

TEST(Url, addresses_are_told_from_names_and_by_nearness) {
  for (const char* host :
       {"127.0.0.1", "127.9.9.9", "[::1]", "localhost", "a.localhost", "localhost.", "[::ffff:127.0.0.1]"}) {
    CHECK_TRUE_TEXT(host_kind(host) == HostKind::loopback, host);
  }
  for (const char* host : {"10.0.0.1", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
                           "100.100.100.200", "224.0.0.1", "255.255.255.255", "[::]", "[fe80::1]", "[fd00:ec2::254]",
                           "[::ffff:10.1.2.3]", "[fe80::1%25eth0]", "[bad]"}) {
    CHECK_TRUE_TEXT(host_kind(host) == HostKind::internal, host);
  }
  for (const char* host : {"8.8.8.8", "172.32.0.1", "[2001:db8::1]", "11.0.0.1"}) {
    CHECK_TRUE_TEXT(host_kind(host) == HostKind::global, host);
  }
  for (const char* host : {"ghcr.io", "mylocalhost", "10.0.0.1.example", "1.2.3"}) {
    CHECK_TRUE_TEXT(host_kind(host) == HostKind::name, host);
  }
}

TEST(Url, addresses_in_odd_notation_are_recognised) {
  for (const char* text : {"http://2130706433/", "http://0x7f.1/", "http://017700000001/", "http://127.1/"}) {
    const auto url = parse_url(text);
    CHECK_TRUE_TEXT(url.has_value(), text);
    CHECK_TRUE_TEXT(host_kind(url->host) == HostKind::loopback, text);
  }
}
