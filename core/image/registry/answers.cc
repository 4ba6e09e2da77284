#include "core/image/registry/answers.h"

#include <algorithm>
#include <ctime>

#include "core/base/text.h"
#include "core/base/wall_time.h"
#include "core/image/json.h"
#include "core/image/reference.h"

namespace schedkit {
namespace {

constexpr std::chrono::seconds shortest_life(60);
constexpr std::uint64_t longest_life = 365ull * 86'400;

// "2024-01-01T10:00:00Z", fractions and offsets; nullopt for anything else.
std::optional<WallTime> parse_time(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    do ++rest;
    while (*rest >= '0' && *rest <= '9');
  }
  std::tm zone{};
  if (std::string_view(rest) != "Z" && ::strptime(rest, "%z", &zone) == nullptr) return std::nullopt;
  return wall_time(::timegm(&parts) - zone.tm_gmtoff);
}

std::uint64_t life_of(const Json& json) {
  const auto found = json.find("expires_in");
  if (found == json.end() || !found->is_number()) return 0;
  const double seconds = found->get<double>();
  return seconds > 0 ? static_cast<std::uint64_t>(std::min(seconds, static_cast<double>(longest_life))) : 0;
}

bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Errc kind_of(int status) {
  switch (status) {
    case 401:
    case 403: return Errc::denied;
    case 404: return Errc::not_found;
    case 408: return Errc::timeout;
    case 429: return Errc::busy;
    default: return status >= 500 || status == 499 ? Errc::io : Errc::invalid;
  }
}

// The first error's "CODE: message", printable; "" when the body is something else.
std::string told(std::string_view body) {
  const auto json = parse_json(trim(body), most_error_bytes);
  if (!json) return {};
  JsonFields fields(*json, "errors");
  const Json& errors = fields.array("errors");
  if (!fields.done() || errors.empty()) return {};
  JsonFields first(errors[0], "error");
  const std::string code = first.text("code");
  const std::string message = first.text("message");
  if (!first.done()) return {};
  const std::string text = code.empty() || message.empty() ? code + message : code + ": " + message;
  const std::string quoted = quote(text, 300);
  return quoted.substr(1, quoted.size() - 2);
}

std::string_view meaning(int status) {
  switch (status) {
    case 401: return "it wants credentials that we do not have (podman login, or docs/images.md)";
    case 403: return "access is denied";
    case 404: return "it is not there";
    case 429: return "too many requests";
    default: return "";
  }
}

}  // namespace

Result<Token> parse_token(std::string_view body, WallTime now) {
  auto json = parse_json(trim(body), most_token_bytes);
  if (!json) return fail(with_context(std::move(json.error()), "the token server's answer"));
  JsonFields fields(*json, "the token server's answer");
  Token token{fields.text("token"), fields.text("refresh_token"), {}};
  if (token.token.empty()) token.token = fields.text("access_token");
  const auto issued = json->is_object() ? parse_time(fields.text("issued_at")) : std::nullopt;
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (token.token.empty()) return fail(Errc::invalid, "the token server's answer holds no token");
  if (!is_header_text(token.token)) return fail(Errc::invalid, "the token server's token holds control bytes");
  token.expires = issued.value_or(now) + std::max(shortest_life, std::chrono::seconds(life_of(*json)));
  return token;
}

Error error_of_answer(int status, std::string_view body, const std::string& what) {
  std::string text = fmt::format("{}: HTTP status {}", what, status);
  const std::string detail = told(body);
  if (!detail.empty()) text += " (" + detail + ")";
  if (const auto meant = meaning(status); !meant.empty()) text += fmt::format("; {}", meant);
  Errc code = kind_of(status);
  if (detail.starts_with("MANIFEST_UNKNOWN") || detail.starts_with("NAME_UNKNOWN") ||
      detail.starts_with("BLOB_UNKNOWN")) {
    code = Errc::not_found;
  } else if (detail.starts_with("DENIED") || detail.starts_with("UNAUTHORIZED")) {
    code = Errc::denied;
  } else if (detail.starts_with("TOOMANYREQUESTS")) {
    code = Errc::busy;
  }
  return {code, std::move(text), {}};
}

Result<std::vector<std::string>> parse_tags(std::string_view body) {
  auto json = parse_json(trim(body), most_tags_bytes);
  if (!json) return fail(with_context(std::move(json.error()), "the list of tags"));
  JsonFields fields(*json, "the list of tags");
  auto texts = fields.texts("tags");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  std::erase_if(texts, [](const std::string& tag) {
    const auto reference = parse_reference("localhost/x:" + tag);
    return !reference || reference->tag != tag || reference->digest.has_value();
  });
  return texts;
}

std::string next_link(const std::vector<std::string_view>& link_headers) {
  for (std::string_view text : link_headers) {
    for (auto open = text.find('<'); open != std::string_view::npos; open = text.find('<')) {
      const auto close = text.find('>', open);
      if (close == std::string_view::npos) break;
      const std::string_view target = text.substr(open + 1, close - open - 1);
      text.remove_prefix(close + 1);
      std::string parameters(text.substr(0, text.find('<')));
      std::erase_if(parameters, [](char c) { return c == ' ' || c == '"'; });
      if (("," + parameters).find(";rel=next") != std::string::npos) return std::string(target);
    }
  }
  return {};
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("bytes ")) return std::nullopt;
  text = trim(text.substr(6));
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = parse_unsigned(text.substr(0, dash));
  const auto last = parse_unsigned(text.substr(dash + 1, slash - dash - 1));
  const std::string_view total = text.substr(slash + 1);
  const auto size = parse_unsigned(total);
  if (!first || !last || *last < *first || (!size && total != "*") || (size && *size <= *last)) return std::nullopt;
  return ContentRange{*first, *last, size ? std::optional(*size) : std::nullopt};
}

std::vector<std::string> parse_warnings(const std::vector<std::string_view>& values) {
  std::vector<std::string> texts;
  for (const std::string_view value : values) {
    if (!value.starts_with("299 ")) continue;
    const auto open = value.find('"');
    const auto close = value.rfind('"');
    if (open == std::string_view::npos || close <= open) continue;
    const std::string quoted = quote(value.substr(open + 1, close - open - 1), 255);
    texts.push_back(quoted.substr(1, quoted.size() - 2));
  }
  return texts;
}

std::string media_type_of(std::string_view content_type) {
  std::string type(trim(content_type.substr(0, content_type.find(';'))));
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return std::tolower(c); });
  return type;
}

}  // namespace schedkit
