// HTTP/1.1 and HTTP/2 on the loop, by libcurl's multi interface. Nothing blocks; name lookups run in curl's own threads.
//
//   HttpClient http(loop);
//   auto transfer = http.start({.url = "https://example.org/"}, {.on_done = [](Result<HttpAnswer> answer) { … }});
//
// A transfer follows redirects, but never from https to http, and a header "Authorization" that was given stays with the
// first host and port (libcurl). Cookies, .netrc and automatic decompression are off: a body arrives exactly as it was
// sent. The environment's proxies (https_proxy, no_proxy …) are used as curl does. The program must ignore SIGPIPE: OpenSSL
// writes to connections that may be closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/loop/loop.h"

namespace schedkit {

struct HttpHeader {
  std::string name;
  std::string value;

  bool operator==(const HttpHeader&) const = default;
};

// Whom to believe and who we are. All as PEM text, so that no file is read on the loop.
struct Tls {
  std::string authorities = {};    // further certificate authorities
  bool system_authorities = true;  // false: only `authorities`
  std::string certificate = {};    // ours and its key, both or none
  std::string key = {};
  bool insecure = false;  // believe anybody

  bool operator==(const Tls&) const = default;
};

// A body that is sent as it comes.
class HttpUpload {
 public:
  virtual ~HttpUpload() = default;
  // How much will come, if known.
  virtual std::optional<std::uint64_t> size() const = 0;
  // Up to `size` bytes; 0 at the end; nullopt when there is nothing yet: then HttpTransfer::resume() asks again. An error
  // ends the transfer with it. Must not block.
  virtual Result<std::optional<std::size_t>> read(char* buffer, std::size_t size) = 0;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<HttpHeader> headers = {};
  std::string body = {};         // of POST, PUT and PATCH
  HttpUpload* upload = nullptr;  // instead of `body`; must outlive the transfer
  Tls tls = {};
  bool plain_http = false;  // allow http:// too, also for redirects
  bool http2 = false;  // over TLS, if the server can. Without it transfers get connections of their own, and one that
                       // is paused holds back nothing else
  int redirects = 10;  // more are an error; 0: redirects are answers like any other
  std::uint64_t body_limit = 1u << 20;  // more is Errc::limit
  Duration connect_timeout = std::chrono::seconds(10);
  Duration total_timeout{0};                           // 0: none
  std::uint32_t low_speed = 1024;                      // bytes per second …
  Duration low_speed_time = std::chrono::seconds(30);  // … over this, in whole seconds, is too slow; 0: never
};

struct HttpHead {
  int status = 0;
  std::string url;                  // after redirects
  std::vector<HttpHeader> headers;  // of the last answer; names in lower case

  // The first value, or "" when there is none. `name` in lower case.
  std::string_view header(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
};

struct HttpAnswer : HttpHead {
  std::string body;  // unless on_body took it
};

enum class HttpFlow { more, pause };

// All run on the loop thread, never from inside start(). Each may destroy its own transfer or any other, start new ones,
// and pause or resume; none may destroy the client.
struct HttpHandlers {
  // The last answer's head, before its body; with redirects followed, not for each of them. An error ends the transfer.
  std::function<Result<void>(const HttpHead&)> on_head = {};
  // A piece of the body, at most 16 KiB, valid only during the call; without this handler the body is collected.
  // `pause`: this piece is taken, no more until resume(). An error ends the transfer.
  std::function<Result<HttpFlow>(std::string_view bytes)> on_body = {};
  // Exactly once, at the end, unless the transfer is destroyed before. An HTTP status of any kind is a value. Errors:
  //   io         no connection, or it broke; a body that is shorter than announced
  //   timeout    connecting, too slow, or longer than total_timeout
  //   integrity  the server's certificate is not trusted
  //   limit      body_limit, redirects or 256 KiB of headers exceeded
  //   denied     a redirect to a protocol that is not allowed
  //   invalid    the URL or a header cannot be used
  //   and whatever a handler or the upload returned
  std::function<void(Result<HttpAnswer>)> on_done;
};

class HttpTransfer {
 public:
  // Cancels it if it is not done: no handler is called any more.
  virtual ~HttpTransfer() = default;
  // Goes on, in a later turn, after HttpFlow::pause or an upload that had nothing yet.
  virtual void resume() = 0;
};

struct HttpClientOptions {
  long connections = 8;  // in all; further transfers wait
  std::string user_agent = "schedkit/" SCHEDKIT_VERSION;
};

class HttpClient {
 public:
  explicit HttpClient(Loop& loop, HttpClientOptions options = {});
  // All transfers must be gone.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  [[nodiscard]] std::unique_ptr<HttpTransfer> start(HttpRequest request, HttpHandlers handlers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
