#include "core/image/reference.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr std::size_t max_name = 255;  // domain and path; distribution/reference, NameTotalLengthMax
constexpr std::size_t max_tag = 128;
constexpr std::size_t max_layout_path = 1024;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alnum(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool is_port(std::string_view text) {
  auto port = parse_unsigned(text);
  return port && text.size() <= 5 && *port > 0 && *port < 65536;
}

bool is_host_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_ipv6(std::string_view text) {
  return !text.empty() && text.size() <= 45 && text.find(':') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
         });
}

bool is_domain(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return false;
    text.remove_prefix(close + 1);
    return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
  }
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    if (!is_port(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_host_label);
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_path_component(std::string_view text) {
  auto alnum = [](char c) { return is_digit(c) || is_lower(c); };
  if (text.empty() || !alnum(text.front()) || !alnum(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (alnum(text[i])) {
      ++i;
      continue;
    }
    const char separator = text[i];
    const std::size_t start = i;
    while (i < text.size() && text[i] == separator) ++i;
    const std::size_t run = i - start;
    const bool good = separator == '-' || (separator == '.' && run == 1) || (separator == '_' && run <= 2);
    if (!good || !alnum(text[i])) return false;
  }
  return true;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > max_tag || text.front() == '.' || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(Errc::invalid, "{} is not an image reference: {}", quote(text), why);
}

// Cuts "@digest" and ":tag" off the end of `rest`.
Result<void> take_suffixes(std::string_view text, std::string_view& rest, Reference& reference) {
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    auto digest = parse_digest(rest.substr(at + 1));
    if (!digest) return bad(text, digest.error().text);
    reference.digest = std::move(*digest);
    rest = rest.substr(0, at);
  }
  const auto slash = rest.rfind('/');
  const auto colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    const std::string_view tag = rest.substr(colon + 1);
    if (!is_tag(tag)) {
      return bad(text, "a tag is 1 to 128 letters, digits, '_', '.' or '-' and starts with neither '.' nor '-'");
    }
    reference.tag = tag;
    rest = rest.substr(0, colon);
  }
  return {};
}

Result<std::string> layout_path(std::string_view text, std::string_view path) {
  if (!path.starts_with('/')) return bad(text, "the path after \"oci:\" must be absolute");
  if (path.size() > max_layout_path) return bad(text, "the path is longer than 1024 bytes");
  if (path.find_first_of(":@") != std::string_view::npos) return bad(text, "the path holds ':' or '@'");
  std::string normal;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return bad(text, "the path holds \"..\"");
    const bool control =
        std::any_of(part.begin(), part.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
    if (control) return bad(text, "the path holds control characters");
    normal.append("/").append(part);
  }
  if (normal.empty()) return bad(text, "the path names no directory");
  return normal;
}

Result<Reference> parse_layout(std::string_view text) {
  Reference reference;
  reference.kind = Reference::Kind::layout;
  std::string_view rest = text.substr(4);
  if (auto taken = take_suffixes(text, rest, reference); !taken) return fail(std::move(taken.error()));
  auto path = layout_path(text, rest);
  if (!path) return fail(std::move(path.error()));
  reference.path = std::move(*path);
  return reference;
}

// The written domain, or "" when the first component cannot be one.
std::string_view written_domain(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return "";
  const std::string_view first = name.substr(0, slash);
  const bool domain = first == "localhost" || first.find_first_of(".:[") != std::string_view::npos;
  return domain ? first : "";
}

Result<void> check_name(std::string_view text, const Reference& reference) {
  if (!is_domain(reference.domain)) return bad(text, fmt::format("{} is no host name", quote(reference.domain)));
  for (const std::string_view component : split(reference.path, '/')) {
    if (!is_path_component(component)) {
      return bad(text, fmt::format("{} is no repository name; use lower-case letters and digits, separated by '.', "
                                   "'_', '__' or '-'",
                                   quote(component)));
    }
  }
  if (reference.domain.size() + 1 + reference.path.size() > max_name) return bad(text, "the name exceeds 255 bytes");
  return {};
}

Result<Reference> parse_registry(std::string_view text) {
  Reference reference;
  std::string_view rest = text;
  if (auto taken = take_suffixes(text, rest, reference); !taken) return fail(std::move(taken.error()));
  if (rest.size() == 64 && rest.find_first_not_of("0123456789abcdef") == std::string_view::npos) {
    return bad(text, "64 hexadecimal digits are an image ID, not a name; write NAME@sha256:…");
  }
  const std::string_view domain = written_domain(rest);
  reference.domain = domain.empty() ? "docker.io" : domain;
  reference.path = domain.empty() ? rest : rest.substr(domain.size() + 1);
  if (reference.domain == "index.docker.io") reference.domain = "docker.io";
  if (reference.domain == "docker.io" && reference.path.find('/') == std::string::npos) {
    reference.path.insert(0, "library/");
  }
  if (auto checked = check_name(text, reference); !checked) return fail(std::move(checked.error()));
  if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
  return reference;
}

}  // namespace

std::string Reference::to_string() const {
  std::string text = kind == Kind::layout ? "oci:" + path : domain + "/" + path;
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->to_string();
  return text;
}

Result<Reference> parse_reference(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty");
  return text.starts_with("oci:/") ? parse_layout(text) : parse_registry(text);
}

Result<Reference> parse_policy_reference(std::string_view text) {
  auto reference = parse_reference(text);
  if (!reference || reference->kind == Reference::Kind::layout) return reference;
  if (written_domain(text).empty()) {
    return bad(text, fmt::format("write the registry's name too, for example {}", quote(reference->to_string())));
  }
  return reference;
}

}  // namespace schedkit
