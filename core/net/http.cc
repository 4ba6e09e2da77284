#include "core/net/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "core/loop/fd_watch.h"
#include "core/loop/timer.h"
#include "core/net/http_easy.h"

namespace schedkit {

using detail::EasyTransfer;

// libcurl must not be called from inside its own callbacks, and those run the handlers of transfers. So what handlers
// ask for is noted and done by settle(), after the outermost call into libcurl returned.
struct HttpClient::Impl {
  Impl(Loop& used_loop, HttpClientOptions used_options);
  ~Impl();

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long milliseconds, void* self);

  Result<void> watch(int fd, FdWatch::Ready wanted);
  void on_ready(int fd, FdWatch::Ready ready);
  void act(int fd, int events);
  void settle();
  void collect();
  void deliver();
  void admit();
  void run(EasyTransfer& transfer);
  void stop(EasyTransfer& transfer);
  void cancel(EasyTransfer& transfer);
  void resume(EasyTransfer& transfer);
  void wake_up();
  void resume_all();
  void fail_all(const Error& error);

  Loop& loop;
  HttpClientOptions options;
  CURLM* multi;
  Timer timer;  // libcurl's
  Timer wake;   // settles in a turn of its own
  struct Socket {
    std::unique_ptr<FdWatch> watch;
    FdWatch::Ready wanted;  // what libcurl asked for last
  };
  std::map<int, Socket> sockets;
  std::map<EasyTransfer*, std::unique_ptr<EasyTransfer>> transfers;
  std::deque<EasyTransfer*> waiting;     // for one of options.connections
  std::deque<EasyTransfer*> finished;    // on_done is due
  std::vector<EasyTransfer*> cancelled;  // from inside libcurl
  long running = 0;
  bool inside = false;  // of libcurl
};

HttpClient::Impl::Impl(Loop& used_loop, HttpClientOptions used_options)
    : loop(used_loop), options(std::move(used_options)), timer(used_loop), wake(used_loop) {
  curl_global_init(CURL_GLOBAL_DEFAULT);  // counted
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, options.connections);
}

HttpClient::Impl::~Impl() {
  while (!transfers.empty()) cancel(*transfers.begin()->first);
  // From 8.9 on cleaning up calls these.
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, nullptr);
  sockets.clear();
  curl_multi_cleanup(multi);
  curl_global_cleanup();
}

int HttpClient::Impl::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& impl = *static_cast<Impl*>(self);
  if (what == CURL_POLL_REMOVE) {
    impl.sockets.erase(fd);
    return 0;
  }
  const FdWatch::Ready wanted{.readable = (what & CURL_POLL_IN) != 0, .writable = (what & CURL_POLL_OUT) != 0};
  return impl.watch(fd, wanted) ? 0 : -1;
}

Result<void> HttpClient::Impl::watch(int fd, FdWatch::Ready wanted) {
  auto& socket = sockets[fd];
  if (!socket.watch) {
    auto created = FdWatch::create(loop, fd, [this, fd](FdWatch::Ready ready) { on_ready(fd, ready); });
    if (!created) {
      sockets.erase(fd);
      return fail(std::move(created.error()));
    }
    socket.watch = std::move(*created);
  }
  socket.wanted = wanted;
  socket.watch->want(wanted);
  return {};
}

// A socket in error may still hold bytes that came before it. CURL_CSELECT_ERR would end the transfer without them, so
// libcurl is told what it waits for: it reads them and then finds the error itself, in as many turns as that takes.
void HttpClient::Impl::on_ready(int fd, FdWatch::Ready ready) {
  if (ready.failed) {
    auto& socket = sockets.at(fd);
    ready = socket.wanted;
    socket.watch->want(ready);  // it has stopped itself
  }
  act(fd, (ready.readable ? CURL_CSELECT_IN : 0) | (ready.writable ? CURL_CSELECT_OUT : 0));
}

int HttpClient::Impl::on_timer(CURLM*, long milliseconds, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  if (milliseconds < 0) {
    impl.timer.cancel();
  } else {
    impl.timer.set(std::chrono::milliseconds(milliseconds), [&impl] { impl.act(CURL_SOCKET_TIMEOUT, 0); });
  }
  return 0;
}

void HttpClient::Impl::act(int fd, int events) {
  int still_running = 0;
  inside = true;
  const CURLMcode code = curl_multi_socket_action(multi, fd, events, &still_running);
  inside = false;
  if (code != CURLM_OK) {
    fail_all({Errc::failed, fmt::format("the HTTP client cannot go on: {}", curl_multi_strerror(code))});
  }
  settle();
}

void HttpClient::Impl::settle() {
  while (!cancelled.empty()) {
    EasyTransfer& transfer = *cancelled.back();
    cancelled.pop_back();
    cancel(transfer);  // may cancel others
  }
  collect();
  deliver();
  admit();
}

void HttpClient::Impl::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message dies with the handle's removal
    void* owner = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    auto& transfer = *static_cast<EasyTransfer*>(owner);
    stop(transfer);
    transfer.code = code;
    transfer.state = EasyTransfer::State::finished;
    finished.push_back(&transfer);
  }
}

void HttpClient::Impl::deliver() {
  while (!finished.empty()) {
    EasyTransfer& transfer = *finished.front();
    finished.pop_front();
    transfer.state = EasyTransfer::State::told;
    const auto done = std::move(transfer.handlers().on_done);
    if (done) done(transfer.result(transfer.code));  // may destroy any transfer
  }
}

void HttpClient::Impl::admit() {
  while (!waiting.empty() && running < options.connections) {
    EasyTransfer& transfer = *waiting.front();
    waiting.pop_front();
    run(transfer);
  }
  if (!finished.empty()) wake_up();
}

void HttpClient::Impl::run(EasyTransfer& transfer) {
  auto prepared = transfer.prepare(options.user_agent);
  if (prepared) {
    if (const CURLMcode code = curl_multi_add_handle(multi, transfer.easy()); code != CURLM_OK) {
      prepared = fail(Errc::failed, "the HTTP client cannot start: {}", curl_multi_strerror(code));
    }
  }
  if (prepared) {
    transfer.state = EasyTransfer::State::running;
    ++running;
    return;
  }
  transfer.fail_with(std::move(prepared.error()));
  transfer.state = EasyTransfer::State::finished;
  finished.push_back(&transfer);
}

void HttpClient::Impl::stop(EasyTransfer& transfer) {
  if (transfer.state != EasyTransfer::State::running) return;
  curl_multi_remove_handle(multi, transfer.easy());
  --running;
  transfer.state = EasyTransfer::State::told;
}

void HttpClient::Impl::cancel(EasyTransfer& transfer) {
  transfer.cancelled = true;
  if (inside) return cancelled.push_back(&transfer);
  stop(transfer);
  std::erase(waiting, &transfer);
  std::erase(finished, &transfer);
  const auto entry = transfers.find(&transfer);
  const auto doomed = std::move(entry->second);  // its handlers may hold what cancels others
  transfers.erase(entry);
  if (!waiting.empty()) wake_up();
}

void HttpClient::Impl::resume(EasyTransfer& transfer) {
  transfer.wants_resume = true;
  wake_up();
}

void HttpClient::Impl::wake_up() {
  if (wake.is_set()) return;
  wake.set(Duration::zero(), [this] {
    resume_all();
    settle();
  });
}

void HttpClient::Impl::resume_all() {
  inside = true;
  for (auto& [transfer, owner] : transfers) {
    if (transfer->wants_resume && !transfer->cancelled && transfer->state == EasyTransfer::State::running) {
      transfer->unpause();
    }
  }
  inside = false;
}

void HttpClient::Impl::fail_all(const Error& error) {
  for (auto& [transfer, owner] : transfers) {
    if (transfer->state != EasyTransfer::State::running) continue;
    stop(*transfer);
    transfer->fail_with(error);
    transfer->state = EasyTransfer::State::finished;
    finished.push_back(transfer);
  }
}

namespace {

class Handle final : public HttpTransfer {
 public:
  Handle(std::function<void()> cancel, std::function<void()> resume)
      : cancel_(std::move(cancel)), resume_(std::move(resume)) {}
  ~Handle() override { cancel_(); }
  void resume() override { resume_(); }

 private:
  std::function<void()> cancel_;
  std::function<void()> resume_;
};

}  // namespace

HttpClient::HttpClient(Loop& loop, HttpClientOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpTransfer> HttpClient::start(HttpRequest request, HttpHandlers handlers) {
  auto owner = std::make_unique<EasyTransfer>(std::move(request), std::move(handlers));
  EasyTransfer* transfer = owner.get();
  impl_->transfers.emplace(transfer, std::move(owner));
  impl_->waiting.push_back(transfer);
  impl_->wake_up();
  return std::make_unique<Handle>([impl = impl_.get(), transfer] { impl->cancel(*transfer); },
                                  [impl = impl_.get(), transfer] { impl->resume(*transfer); });
}

}  // namespace schedkit
