// Private to core/net: one transfer and its libcurl easy handle. http.cc moves them through the multi handle.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>

#include "core/net/http.h"
#include "core/net/http_message.h"

namespace schedkit::detail {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class EasyTransfer {
 public:
  enum class State { waiting, running, finished, told };

  EasyTransfer(HttpRequest request, HttpHandlers handlers);
  EasyTransfer(const EasyTransfer&) = delete;
  EasyTransfer& operator=(const EasyTransfer&) = delete;

  // Once, before the handle is used. Errc::invalid when the request cannot be sent.
  Result<void> prepare(const std::string& user_agent);

  // What on_done is to get once libcurl said `code`; call it once.
  Result<HttpAnswer> result(CURLcode code);

  // Lets libcurl go on. Calls handlers: only from where libcurl may be called.
  void unpause();

  CURL* easy() { return easy_.get(); }
  HttpHandlers& handlers() { return handlers_; }
  void fail_with(Error error) {
    if (!error_) error_ = std::move(error);
  }

  State state = State::waiting;
  bool cancelled = false;     // nobody is to be called any more
  bool wants_resume = false;  // resume() was called
  CURLcode code = CURLE_OK;   // once finished

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);

  bool header_line(std::string_view line);
  std::size_t body_piece(std::string_view bytes);
  Result<void> check() const;
  Result<void> head_complete();
  void set_method();
  void set_body();
  void set_limits();
  void set_tls();
  bool set_headers();
  Error error_of(CURLcode code);

  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> list_;
  HttpRequest request_;
  HttpHandlers handlers_;
  HeadReader head_;
  std::string body_;
  std::optional<Error> error_;
  std::uint64_t received_ = 0;
  std::size_t sent_ = 0;  // of request_.body
  bool paused_ = false;   // on_body asked for it
  bool held_ = false;     // libcurl was told
  std::array<char, CURL_ERROR_SIZE> text_{};
};

}  // namespace schedkit::detail
