#include "core/net/http_message.h"

#include <algorithm>
#include <charconv>

#include "core/base/text.h"

namespace schedkit {

std::string_view HttpHead::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

std::vector<std::string_view> HttpHead::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& header : headers) {
    if (header.name == name) values.push_back(header.value);
  }
  return values;
}

namespace detail {
namespace {

// "HTTP/1.1 200 OK", "HTTP/2 200".
int status_of(std::string_view line) {
  const auto space = line.find(' ');
  int status = 0;
  if (space != std::string_view::npos) {
    const std::string_view digits = line.substr(space + 1, 3);
    std::from_chars(digits.data(), digits.data() + digits.size(), status);
  }
  return status;
}

}  // namespace

HeadReader::Event HeadReader::line(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > most_head_bytes) return Event::too_long;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    head_.status = status_of(line);
    head_.headers.clear();
    complete_ = false;
    return Event::more;
  }
  if (complete_) return Event::more;  // a trailer
  if (line.empty()) {
    complete_ = head_.status >= 200;
    return complete_ ? Event::complete : Event::more;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return Event::more;
  HttpHeader header{std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))};
  std::ranges::transform(header.name, header.name.begin(), [](unsigned char c) { return std::tolower(c); });
  head_.headers.push_back(std::move(header));
  return Event::more;
}

bool is_redirect(const HttpHead& head) {
  return head.status >= 300 && head.status < 400 && !head.header("location").empty();
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

std::string shown_url(std::string_view url) {
  const auto shown = quote(url.substr(0, url.find_first_of("?#")), 300);
  return shown.substr(1, shown.size() - 2);
}

}  // namespace detail
}  // namespace schedkit
