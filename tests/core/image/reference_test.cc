#include "core/image/reference.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

const std::string hex(64, 'a');

void parses(std::string_view text, const std::string& normal) {
  auto reference = parse_reference(text);
  if (!reference) FAIL(reference.error().text.c_str());
  STRCMP_EQUAL(normal.c_str(), reference->to_string().c_str());
}

void refuses(std::string_view text) { CHECK_TEXT(!parse_reference(text).has_value(), std::string(text).c_str()); }

}  // namespace

TEST_GROUP(Reference){};

TEST(Reference, normalises_like_docker) {
  parses("busybox", "docker.io/library/busybox:latest");
  parses("index.docker.io/a/b:1", "docker.io/a/b:1");
  parses("ghcr.io/schedkit/scx_lavd:1.0.19", "ghcr.io/schedkit/scx_lavd:1.0.19");
  parses("localhost/x", "localhost/x:latest");
  parses("a.b:5000/x__y.z-w:T", "a.b:5000/x__y.z-w:T");
  parses("[::1]:5000/x", "[::1]:5000/x:latest");
  parses("r.io/a@sha256:" + hex, "r.io/a@sha256:" + hex);
  parses("r.io/a:tag@sha256:" + hex, "r.io/a:tag@sha256:" + hex);
}

TEST(Reference, refuses_what_is_no_name) {
  for (const char* text : {"", "UPPER/x", "r.io/A", "r.io/", "r.io//a", "r.io/a..b", "r.io/a___b", "r.io/-a", "r.io/a:",
                           "r.io/a:.x", "r.io:0/a", "r.io:99999/a", "-r.io/a", "r.io/a b", "r.io/../a", "[zz]/a"}) {
    refuses(text);
  }
  refuses(hex);
  refuses("r.io/" + std::string(256, 'a'));
  refuses("r.io/a:" + std::string(129, 'a'));
  refuses(std::string_view("r.io/a\0b", 8));
}

TEST(Reference, takes_only_canonical_digests) {
  refuses("r.io/a@sha256:" + std::string(64, 'A'));
  refuses("r.io/a@sha256:" + hex + "0");
  refuses("r.io/a@sha256:../../../etc/passwd");
  refuses("r.io/a@md5:" + std::string(32, 'a'));
  parses("r.io/a@sha512:" + hex + hex, "r.io/a@sha512:" + hex + hex);
}

TEST(Reference, reads_layouts) {
  parses("oci:/usr/share//schedkit/./images/:fifo", "oci:/usr/share/schedkit/images:fifo");
  parses("oci:/l", "oci:/l");
  parses("oci:/l@sha256:" + hex, "oci:/l@sha256:" + hex);
  for (const char* text : {"oci:/", "oci:/a/../b:t", "oci:/a:b:c", "oci:/a:b/c", "oci:relative/a:t:t", "oci:/a\n:t"})
    refuses(text);
}

TEST(Reference, policies_must_name_the_registry) {
  CHECK(parse_policy_reference("ghcr.io/a/b:1").has_value());
  CHECK(parse_policy_reference("oci:/a:1").has_value());
  auto bare = parse_policy_reference("schedkit/scx_lavd:1");
  CHECK_FALSE(bare.has_value());
  STRCMP_CONTAINS("docker.io/schedkit/scx_lavd:1", bare.error().text.c_str());
}
