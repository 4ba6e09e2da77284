#include "core/net/http_easy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "core/base/text.h"

namespace schedkit::detail {
namespace {

constexpr long buffer_bytes = 512L << 10;  // libcurl's greatest

// A peer that is gone without a word: asked after 30 s of silence, given up when it acknowledges nothing for 30 s.
constexpr long keepalive_idle = 30;
constexpr long keepalive_interval = 10;
constexpr unsigned unacknowledged_milliseconds = 30'000;

// libcurl has no option for it.
int on_socket_made(void*, curl_socket_t fd, curlsocktype) {
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_milliseconds, sizeof(unacknowledged_milliseconds));
  return CURL_SOCKOPT_OK;
}

long milliseconds(Duration duration) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

void set_blob(CURL* easy, CURLoption option, const std::string& text) {
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, option, &blob);
}

Errc kind_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Errc::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return Errc::integrity;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_FILESIZE_EXCEEDED: return Errc::limit;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_LOGIN_DENIED: return Errc::denied;
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_FUNCTION_ARGUMENT: return Errc::invalid;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN: return Errc::failed;
    default: return Errc::io;
  }
}

}  // namespace

EasyTransfer::EasyTransfer(HttpRequest request, HttpHandlers handlers)
    : easy_(curl_easy_init()), request_(std::move(request)), handlers_(std::move(handlers)) {}

Result<void> EasyTransfer::check() const {
  const std::string shown = shown_url(request_.url);
  if (!easy_) return fail(Errc::failed, "{}: libcurl gives no handle", shown);
  if (!is_token(request_.method)) return fail(Errc::invalid, "{}: {} is no method", shown, quote(request_.method));
  for (const auto& header : request_.headers) {
    if (is_token(header.name) && is_header_value(header.value)) continue;
    return fail(Errc::invalid, "{}: the header {} cannot be sent", shown, quote(header.name, 60));
  }
  return {};
}

Result<void> EasyTransfer::prepare(const std::string& user_agent) {
  if (auto checked = check(); !checked) return checked;
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text_.data());
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Without it a cancel waits for the thread that looks a name up.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, keepalive_idle);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, keepalive_interval);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &on_socket_made);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, request_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &EasyTransfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &EasyTransfer::on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer_bytes);
  set_method();
  set_limits();
  set_tls();
  if (!set_headers()) return fail(Errc::failed, "{}: out of memory", shown_url(request_.url));
  return {};
}

void EasyTransfer::set_method() {
  CURL* easy = easy_.get();
  if (request_.method == "GET") return;
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool has_body = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (has_body) set_body();
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void EasyTransfer::set_body() {
  CURL* easy = easy_.get();
  std::optional<std::uint64_t> size = request_.body.size();
  if (request_.upload != nullptr) size = request_.upload->size();
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &EasyTransfer::on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &EasyTransfer::on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size ? static_cast<curl_off_t>(*size) : curl_off_t{-1});
}

void EasyTransfer::set_limits() {
  CURL* easy = easy_.get();
  const char* protocols = request_.plain_http ? "http,https" : "https";
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request_.redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(request_.redirects));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request_.total_timeout));
  if (request_.low_speed_time > Duration::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(request_.low_speed_time).count();
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(request_.low_speed));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
  }
}

void EasyTransfer::set_tls() {
  CURL* easy = easy_.get();
  const Tls& tls = request_.tls;
  if (tls.insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!tls.authorities.empty() || !tls.system_authorities) {
    // The system's directory of authorities stays unless it is taken away; its bundle is replaced.
    set_blob(easy, CURLOPT_CAINFO_BLOB, tls.authorities);
    if (!tls.system_authorities) curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  } else if (curl_version_info(CURLVERSION_NOW)->cainfo != nullptr) {
    // With the bundle alone libcurl keeps what it parsed; with both it parses the bundle for every connection.
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!tls.certificate.empty()) {
    set_blob(easy, CURLOPT_SSLCERT_BLOB, tls.certificate);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, tls.key);
  }
}

bool EasyTransfer::set_headers() {
  // No "Expect: 100-continue": many servers ignore it and libcurl then waits a second.
  std::vector<std::string> lines{"Expect:"};
  for (const auto& header : request_.headers) {
    lines.push_back(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  for (const auto& line : lines) {
    curl_slist* longer = curl_slist_append(list_.get(), line.c_str());
    if (longer == nullptr) return false;
    (void)list_.release();
    list_.reset(longer);
  }
  return curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list_.get()) == CURLE_OK;
}

std::size_t EasyTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<EasyTransfer*>(self)->header_line({data, size * count}) ? size * count : 0;
}

bool EasyTransfer::header_line(std::string_view line) {
  if (cancelled) return false;
  switch (head_.line(line)) {
    case HeadReader::Event::more: return true;
    case HeadReader::Event::too_long:
      fail_with({Errc::limit,
                 fmt::format("{}: more than {} of headers", shown_url(request_.url), format_size(most_head_bytes))});
      return false;
    case HeadReader::Event::complete: break;
  }
  if (request_.redirects > 0 && is_redirect(head_.head())) return true;
  auto told = head_complete();
  if (!told) fail_with(std::move(told.error()));
  return told.has_value() && !cancelled;
}

Result<void> EasyTransfer::head_complete() {
  HttpHead& head = head_.head();
  char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url);
  head.url = url != nullptr ? url : request_.url;
  const auto length = parse_unsigned(head.header("content-length"));
  if (request_.method != "HEAD" && length && *length > request_.body_limit) {
    return fail(Errc::limit, "{}: a body of {}, at most {} is allowed", shown_url(head.url), format_size(*length),
                format_size(request_.body_limit));
  }
  return handlers_.on_head ? handlers_.on_head(head) : Result<void>{};
}

std::size_t EasyTransfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<EasyTransfer*>(self)->body_piece({data, size * count});
}

std::size_t EasyTransfer::body_piece(std::string_view bytes) {
  constexpr std::size_t stop = 0;
  if (cancelled) return stop;
  if (paused_) {  // libcurl keeps the piece and hands it over again
    held_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  received_ += bytes.size();
  if (received_ > request_.body_limit) {
    fail_with({Errc::limit, fmt::format("{}: a body of more than {}", shown_url(head_.head().url),
                                        format_size(request_.body_limit))});
    return stop;
  }
  if (!handlers_.on_body) {
    body_.append(bytes);
    return bytes.size();
  }
  auto flow = handlers_.on_body(bytes);
  if (!flow) fail_with(std::move(flow.error()));
  if (!flow || cancelled) return stop;
  paused_ = *flow == HttpFlow::pause && !wants_resume;
  return bytes.size();
}

std::size_t EasyTransfer::on_read(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<EasyTransfer*>(self);
  if (transfer.cancelled) return CURL_READFUNC_ABORT;
  const std::size_t room = size * count;
  if (transfer.request_.upload == nullptr) {
    const std::size_t piece = std::min(room, transfer.request_.body.size() - transfer.sent_);
    std::memcpy(data, transfer.request_.body.data() + transfer.sent_, piece);
    transfer.sent_ += piece;
    return piece;
  }
  auto got = transfer.request_.upload->read(data, room);
  if (!got) transfer.fail_with(std::move(got.error()));
  if (!got || transfer.cancelled) return CURL_READFUNC_ABORT;
  if (*got) return **got;
  transfer.held_ = true;
  return CURL_READFUNC_PAUSE;
}

// A connection that was kept open may turn out to be closed: libcurl then sends again on another one.
int EasyTransfer::on_seek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<EasyTransfer*>(self);
  if (transfer.request_.upload != nullptr || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  transfer.sent_ = std::min(static_cast<std::size_t>(offset), transfer.request_.body.size());
  return CURL_SEEKFUNC_OK;
}

void EasyTransfer::unpause() {
  wants_resume = false;
  paused_ = false;
  if (!held_) return;
  held_ = false;
  curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
}

Error EasyTransfer::error_of(CURLcode status) {
  long redirects = 0;
  char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_COUNT, &redirects);
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url);
  const std::string where = shown_url(url != nullptr && *url != '\0' ? std::string_view(url) : request_.url);
  if (status == CURLE_UNSUPPORTED_PROTOCOL && !request_.plain_http && where.starts_with("http:")) {
    return {Errc::denied, where + ": plain http is not allowed here"};
  }
  // An answer that is not HTTP has the same code.
  if (status == CURLE_UNSUPPORTED_PROTOCOL && where.starts_with("http")) status = CURLE_WEIRD_SERVER_REPLY;
  const std::string_view why = text_[0] != '\0' ? text_.data() : curl_easy_strerror(status);
  return {kind_of(status), fmt::format("{}: {}", where, trim(why))};
}

Result<HttpAnswer> EasyTransfer::result(CURLcode status) {
  if (error_) return fail(std::move(*error_));
  if (status != CURLE_OK) return fail(error_of(status));
  HttpAnswer answer;
  static_cast<HttpHead&>(answer) = std::move(head_.head());
  answer.body = std::move(body_);
  return answer;
}

}  // namespace schedkit::detail
