// Private to core/net: heads of HTTP answers, put together from lines.
#pragma once

#include <string_view>

#include "core/net/http.h"

namespace schedkit::detail {

constexpr std::size_t most_head_bytes = 256u << 10;

// Takes the lines of a head as libcurl hands them over, those of redirects and interim answers too.
class HeadReader {
 public:
  enum class Event {
    more,      // go on
    complete,  // head() is whole
    too_long,  // more than most_head_bytes
  };

  Event line(std::string_view line);
  HttpHead& head() { return head_; }

 private:
  HttpHead head_;
  std::size_t bytes_ = 0;
  bool complete_ = false;
};

// Whether libcurl goes on to another URL after this head.
bool is_redirect(const HttpHead& head);

// A method or a header name (RFC 9110, token), and a header value without control bytes.
bool is_token(std::string_view text);
bool is_header_value(std::string_view text);

// The URL without its query, which may hold a secret, for messages.
std::string shown_url(std::string_view url);

}  // namespace schedkit::detail
