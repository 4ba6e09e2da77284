// What registries and token servers answer, read with distrust. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

constexpr std::size_t most_token_bytes = 1u << 20;  // CVE-2020-1702
constexpr std::size_t most_error_bytes = 1u << 20;
constexpr std::size_t most_tags_bytes = 4u << 20;

struct Token {
  std::string token;
  std::string refresh_token;  // takes the place of the one we asked with; may be empty
  WallTime expires{};
};

// A token server's answer (distribution, "Token Authentication" and "OAuth2"). Lives 60 s unless it says longer, counted
// from "issued_at" or else from `now`.
Result<Token> parse_token(std::string_view body, WallTime now);

// What went wrong, from the status and the optional {"errors":[{"code","message"}]}: its code fits RegistryClient's
// contract. `what` names what was asked for.
Error error_of_answer(int status, std::string_view body, const std::string& what);

// The tags of one page.
Result<std::vector<std::string>> parse_tags(std::string_view body);

// The target of rel="next" (RFC 8288); "" when there is none.
std::string next_link(const std::vector<std::string_view>& link_headers);

// "bytes FIRST-LAST/SIZE" or "…/*" (RFC 9110, 14.4).
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> size;

  bool operator==(const ContentRange&) const = default;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

// The texts of `299 - "text"` (distribution-spec, "Warnings"), printable and at most 255 bytes.
std::vector<std::string> parse_warnings(const std::vector<std::string_view>& values);

// "application/json; charset=utf-8" → "application/json", in lower case.
std::string media_type_of(std::string_view content_type);

}  // namespace schedkit
