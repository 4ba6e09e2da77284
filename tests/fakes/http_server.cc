#include "tests/fakes/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <list>
#include <mutex>
#include <thread>

namespace schedkit::fakes {
namespace {

std::string pem_of(const std::function<void(BIO*)>& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

void add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// One accepted connection, plain or TLS, with blocking calls.
class Peer {
 public:
  Peer(int fd, SSL_CTX* context) : fd_(fd) {
    if (context == nullptr) return;
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd);
    good_ = SSL_accept(tls_) == 1;
  }
  ~Peer() {
    if (tls_ != nullptr) SSL_free(tls_);
  }
  bool good() const { return good_; }
  bool fill() {
    char piece[16384];
    const auto got = tls_ != nullptr ? SSL_read(tls_, piece, sizeof piece) : ::recv(fd_, piece, sizeof piece, 0);
    if (got <= 0) return false;
    buffer.append(piece, static_cast<std::size_t>(got));
    return true;
  }
  bool send(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const auto left = text.size() - at;
      const auto sent = tls_ != nullptr ? SSL_write(tls_, text.data() + at, static_cast<int>(left))
                                        : ::send(fd_, text.data() + at, left, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }
  void finish_tls() {
    if (tls_ != nullptr) SSL_shutdown(tls_);
  }

  std::string buffer;

 private:
  int fd_;
  SSL* tls_ = nullptr;
  bool good_ = true;
};

bool read_request(Peer& peer, ServedRequest& request) {
  std::size_t end = std::string::npos;
  while ((end = peer.buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!peer.fill() || peer.buffer.front() == '\x16') return false;  // TLS where plain HTTP is spoken
  }
  const std::string head = peer.buffer.substr(0, end + 2);
  peer.buffer.erase(0, end + 4);
  std::size_t at = head.find("\r\n");
  const std::string first = head.substr(0, at);
  request.method = first.substr(0, first.find(' '));
  request.target = first.substr(request.method.size() + 1, first.rfind(' ') - request.method.size() - 1);
  for (at += 2; at < head.size();) {
    const auto stop = head.find("\r\n", at);
    const std::string line = head.substr(at, stop - at);
    const auto colon = line.find(':');
    request.headers[lower(line.substr(0, colon))] = line.substr(std::min(line.size(), colon + 2));
    at = stop + 2;
  }
  const auto length = std::strtoul(request.header("content-length").c_str(), nullptr, 10);
  while (peer.buffer.size() < length) {
    if (!peer.fill()) return false;
  }
  request.body = peer.buffer.substr(0, length);
  peer.buffer.erase(0, length);
  return true;
}

std::string head_of(const Reply& reply) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  const long length = reply.announced == -1 ? static_cast<long>(reply.body.size()) : reply.announced;
  if (length >= 0 && !reply.endless) head += fmt::format("Content-Length: {}\r\n", length);
  return head + "\r\n";
}

}  // namespace

ServerIdentity make_identity() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("schedkit test"), -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate, key, EVP_sha256());
  ServerIdentity identity;
  identity.certificate = pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
  identity.key = pem_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

struct HttpServer::Impl {
  struct Connection {
    int fd = -1;
    std::thread thread;
  };

  void accept_all();
  void serve(int fd);
  bool answer(Peer& peer, int fd, const Reply& reply, bool head_only);
  void use(const ServerIdentity& identity);

  Script script;
  int listener = -1;
  int port = 0;
  SSL_CTX* context = nullptr;
  std::thread acceptor;
  mutable std::mutex mutex;  // of all below
  std::mutex script_mutex;
  std::list<Connection> connections;
  std::vector<ServedRequest> requests;
  unsigned ended = 0;
  bool ending = false;
};

void HttpServer::Impl::use(const ServerIdentity& identity) {
  context = SSL_CTX_new(TLS_server_method());
  BIO* certificate_text = BIO_new_mem_buf(identity.certificate.data(), static_cast<int>(identity.certificate.size()));
  BIO* key_text = BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size()));
  X509* certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_text);
  BIO_free(key_text);
}

void HttpServer::Impl::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex);
    if (ending) {
      ::close(fd);
      return;
    }
    auto& connection = connections.emplace_back();
    connection.fd = fd;
    connection.thread = std::thread([this, fd] { serve(fd); });
  }
}

// False when the connection is of no use any more.
bool HttpServer::Impl::answer(Peer& peer, int fd, const Reply& reply, bool head_only) {
  if (!reply.raw.empty()) {
    if (!peer.send(reply.raw)) return false;
  } else {
    const auto sent = reply.cut < 0 ? reply.body : reply.body.substr(0, static_cast<std::size_t>(reply.cut));
    if (!peer.send(head_of(reply) + (head_only ? "" : sent))) return false;
    while (reply.endless) {
      if (!peer.send(reply.body)) return false;
    }
  }
  switch (reply.after) {
    case Reply::After::keep: return reply.announced != -2;
    case Reply::After::close: return false;
    case Reply::After::hold:
      while (peer.fill()) {
      }
      return false;
    case Reply::After::reset: break;
  }
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return false;
}

void HttpServer::Impl::serve(int fd) {
  {
    Peer peer(fd, context);
    while (peer.good()) {
      ServedRequest request;
      if (!read_request(peer, request)) break;
      Reply reply;
      {
        const std::lock_guard lock(script_mutex);
        {
          const std::lock_guard data(mutex);
          requests.push_back(request);
        }
        reply = script(request);
      }
      if (answer(peer, fd, reply, request.method == "HEAD")) continue;
      if (reply.after != Reply::After::reset) peer.finish_tls();
      break;
    }
  }
  const std::lock_guard lock(mutex);
  for (auto& connection : connections) {
    if (connection.fd == fd) connection.fd = -1;
  }
  ::close(fd);
  ++ended;
}

HttpServer::HttpServer(Script script, const ServerIdentity* identity) : impl_(std::make_unique<Impl>()) {
  ::signal(SIGPIPE, SIG_IGN);  // as the programs do; OpenSSL knows no MSG_NOSIGNAL
  impl_->script = std::move(script);
  if (identity != nullptr) impl_->use(*identity);
  impl_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(impl_->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(impl_->listener, 64) != 0 ||
      ::getsockname(impl_->listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  impl_->port = ntohs(address.sin_port);
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_all(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
    for (const auto& connection : impl_->connections) {
      if (connection.fd >= 0) ::shutdown(connection.fd, SHUT_RDWR);
    }
  }
  ::shutdown(impl_->listener, SHUT_RDWR);
  impl_->acceptor.join();
  for (auto& connection : impl_->connections) connection.thread.join();
  ::close(impl_->listener);
  if (impl_->context != nullptr) SSL_CTX_free(impl_->context);
}

std::string HttpServer::host() const { return fmt::format("127.0.0.1:{}", impl_->port); }

std::string HttpServer::url() const { return (impl_->context != nullptr ? "https://" : "http://") + host(); }

unsigned HttpServer::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<unsigned>(impl_->connections.size());
}

unsigned HttpServer::ended() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->ended;
}

std::vector<ServedRequest> HttpServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

std::size_t HttpServer::count(const std::string& method, const std::string& target) const {
  std::size_t found = 0;
  for (const auto& request : requests()) found += request.method == method && request.target == target ? 1 : 0;
  return found;
}

}  // namespace schedkit::fakes
