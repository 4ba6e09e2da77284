// An HTTP server on 127.0.0.1 whose every answer, and every way to spoil one, a test scripts. It runs on threads of its
// own and waits on sockets only, so that the loop under test does not know it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace schedkit::fakes {

struct ServedRequest {
  std::string method;
  std::string target;                          // path and query as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

struct Reply {
  enum class After { keep, close, reset, hold };  // hold: says nothing more until the client goes

  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  long announced = -1;   // Content-Length; -1: the body's size; -2: none, the end of the connection ends the body
  long cut = -1;         // only so much of the body is sent, then `after`
  bool endless = false;  // the body again and again until the client goes
  std::string raw = {};  // all that is sent, instead of the above
  After after = After::keep;
};

// Self-signed for 127.0.0.1 and localhost, so it is its own authority. PEM.
struct ServerIdentity {
  std::string certificate;
  std::string key;
};
ServerIdentity make_identity();

class HttpServer {
 public:
  // `script` is called on the server's threads, one call at a time.
  using Script = std::function<Reply(const ServedRequest&)>;

  explicit HttpServer(Script script, const ServerIdentity* identity = nullptr);
  ~HttpServer();

  std::string host() const;  // "127.0.0.1:PORT"
  std::string url() const;   // "http://127.0.0.1:PORT", or https
  unsigned connections() const;
  // How many of them the server is done with: closed or reset.
  unsigned ended() const;
  std::vector<ServedRequest> requests() const;
  // Those whose method and target are so.
  std::size_t count(const std::string& method, const std::string& target) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit::fakes
