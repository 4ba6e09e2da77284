#include "core/bus/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "core/base/text.h"
#include "core/base/unique_fd.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr Duration short_timeout = std::chrono::seconds(30);
constexpr Duration greeting_timeout = std::chrono::seconds(10);

std::uint64_t microseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

class BusError {
 public:
  ~BusError() { sd_bus_error_free(&error_); }
  sd_bus_error* get() { return &error_; }

  // Of an answer that is one.
  void take(sd_bus_message* answer) { sd_bus_error_copy(&error_, sd_bus_message_get_error(answer)); }

  Error describe(int error, std::string_view what) const {
    if (sd_bus_error_is_set(&error_) != 0 && std::string_view(error_.name).starts_with("io.schedkit.")) {
      return {bus::error_code(error_.name), error_.message != nullptr ? error_.message : "", {}};
    }
    if (error == -ECONNRESET || error == -ENOTCONN || error == -EPIPE || error == -ESHUTDOWN) {
      return {Errc::io, fmt::format("{}: the daemon closed the connection", what), {}};
    }
    if (error == -ETIMEDOUT) return {Errc::timeout, fmt::format("{}: the daemon did not answer in time", what), {}};
    if (sd_bus_error_is_set(&error_) != 0) {
      return {bus::error_code(error_.name),
              fmt::format("{}: {}", what, error_.message != nullptr ? error_.message : error_.name),
              {}};
    }
    return fail_errno(-error, std::string(what)).value();
  }

 private:
  sd_bus_error error_{nullptr, nullptr, 0};
};

Result<UniqueFd> connect_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(Errc::invalid, "the socket path {} is longer than a UNIX socket's can be", quote(path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno(errno, "cannot make a socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const bool permission = errno == EACCES || errno == EPERM;
    auto failed = fail_errno(errno, "cannot connect to " + path).value();
    failed.code = permission ? Errc::denied : Errc::io;
    return fail(std::move(failed));
  }
  return fd;
}

// Until the peer has authenticated itself; without this a daemon that hangs would be noticed by the first call only,
// after sd-bus' own 90 s.
Result<void> greet(sd_bus* bus, const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + greeting_timeout;
  while (sd_bus_is_ready(bus) <= 0) {
    const int progress = sd_bus_process(bus, nullptr);
    if (progress < 0 || sd_bus_is_open(bus) <= 0) {
      return fail(Errc::io, "the daemon at {} closed the connection; it may have too many clients", path);
    }
    if (progress > 0) continue;
    const Duration left = deadline - std::chrono::steady_clock::now();
    if (left <= Duration::zero()) return fail(Errc::timeout, "the daemon at {} does not answer", path);
    sd_bus_wait(bus, microseconds(left));
  }
  return {};
}

}  // namespace

Result<Client> Client::connect(const std::string& socket) {
  auto fd = connect_socket(socket);
  if (!fd) return fail(std::move(fd.error()));
  sd_bus* raw = nullptr;
  if (const int error = sd_bus_new(&raw); error < 0) return fail_errno(-error, "cannot make a bus connection");
  BusPtr bus(raw);
  int error = sd_bus_set_fd(raw, fd->get(), fd->get());
  if (error >= 0) {
    fd->release();  // sd-bus closes it
    error = sd_bus_start(raw);
  }
  if (error < 0) return fail_errno(-error, "cannot talk to " + socket);
  if (auto ready = greet(raw, socket); !ready) return fail(std::move(ready.error()));
  return Client(std::move(bus));
}

namespace {

// Through the bus, when nobody owns the name yet.
Result<void> start_daemon(sd_bus* bus) {
  const auto ask = [bus](const char* method, sd_bus_error* error, sd_bus_message** reply, const char* types,
                         auto... more) {
    return sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
                              error, reply, types, bus::manager_name, more...);
  };
  BusError failure;
  sd_bus_message* raw = nullptr;
  int owned = 0;
  int error = ask("NameHasOwner", failure.get(), &raw, "s");
  const Message reply = Message::adopt(raw);
  if (error >= 0) error = sd_bus_message_read(raw, "b", &owned);
  if (error >= 0 && owned == 0) error = ask("StartServiceByName", failure.get(), nullptr, "su", 0U);
  if (error < 0) return fail(failure.describe(error, "cannot reach the daemon on the system bus"));
  return {};
}

}  // namespace

Result<Client> Client::connect_system_bus() {
  const char* given = ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
  sd_bus* raw = nullptr;
  if (const int error = sd_bus_new(&raw); error < 0) return fail_errno(-error, "cannot make a bus connection");
  BusPtr bus(raw);
  int error = sd_bus_set_address(raw, given != nullptr ? given : "unix:path=/run/dbus/system_bus_socket");
  if (error >= 0) error = sd_bus_set_bus_client(raw, 1);
  if (error >= 0) error = sd_bus_set_allow_interactive_authorization(raw, 1);
  if (error >= 0) error = sd_bus_start(raw);
  if (error < 0) return fail_errno(-error, "cannot talk to the system bus");
  if (auto ready = greet(raw, "the system bus"); !ready) return fail(std::move(ready.error()));
  if (auto there = start_daemon(raw); !there) return fail(std::move(there.error()));
  return Client(std::move(bus), bus::manager_name);
}

bool Client::connected() const { return sd_bus_is_open(bus_.get()) > 0; }

Result<Message> Client::make_call(const char* method) {
  sd_bus_message* raw = nullptr;
  const int error =
      sd_bus_message_new_method_call(bus_.get(), &raw, destination_, bus::manager_path, bus::manager_interface, method);
  if (error < 0) return fail(BusError().describe(error, method));
  return Message::adopt(raw);
}

namespace {

int keep_reply(sd_bus_message* reply, void* data, sd_bus_error*) noexcept {
  *static_cast<Message*>(data) = Message::share(reply);
  return 1;
}

}  // namespace

// True when `fd` is readable; false when there may be something to process, or the time is over.
Result<bool> Client::wait_for_traffic(int fd, Duration timeout) {
  pollfd fds[] = {{fd, POLLIN, 0},
                  {sd_bus_get_fd(bus_.get()), static_cast<short>(std::max(sd_bus_get_events(bus_.get()), 0)), 0}};
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  if (::poll(fds, std::size(fds), static_cast<int>(most)) < 0 && errno != EINTR)
    return fail_errno(errno, "cannot wait");
  return fds[0].revents != 0;
}

Result<Message> Client::call(const Message& request, Duration timeout, int give_up) {
  BusError failure;
  const auto failed = [&](int error) {
    return fail(failure.describe(error, sd_bus_message_get_member(request.get())));
  };
  Message reply;
  sd_bus_slot* raw = nullptr;
  const int sent = sd_bus_call_async(bus_.get(), &raw, request.get(), keep_reply, &reply, microseconds(timeout));
  const SlotPtr slot(raw);
  if (sent < 0) return failed(sent);
  while (reply.get() == nullptr) {
    const int progress = sd_bus_process(bus_.get(), nullptr);
    if (progress < 0) return failed(progress);
    if (progress > 0) continue;
    const auto given_up = wait_for_traffic(give_up, timeout);
    if (!given_up) return fail(given_up.error());
    if (*given_up) return fail(Errc::cancelled, "given up");
  }
  if (sd_bus_message_is_method_error(reply.get(), nullptr) <= 0) return reply;
  failure.take(reply.get());
  return failed(-sd_bus_message_get_errno(reply.get()));
}

Result<void> Client::command(const char* method, Duration timeout) {
  auto request = make_call(method);
  if (!request) return fail(std::move(request.error()));
  auto reply = call(*request, timeout);
  if (!reply) return fail(std::move(reply.error()));
  return {};
}

Result<std::string> Client::status() {
  auto request = make_call("Status");
  if (!request) return fail(std::move(request.error()));
  auto reply = call(*request, short_timeout);
  if (!reply) return fail(std::move(reply.error()));
  const char* json = nullptr;
  if (sd_bus_message_read(reply->get(), "s", &json) <= 0) {
    return fail(Errc::invalid, "the daemon's answer to Status is no string; is it of another version?");
  }
  return std::string(json);
}

Result<std::string> Client::explain(const std::string& rule, const std::string& form) {
  auto request = make_call("Explain");
  if (!request) return fail(std::move(request.error()));
  if (sd_bus_message_append(request->get(), "ss", rule.c_str(), form.c_str()) < 0) {
    return fail(Errc::invalid, "the rule's name is not UTF-8 text");
  }
  auto reply = call(*request, short_timeout);
  if (!reply) return fail(std::move(reply.error()));
  const char* text = nullptr;
  if (sd_bus_message_read(reply->get(), "s", &text) <= 0) {
    return fail(Errc::invalid, "the daemon's answer to Explain is no string; is it of another version?");
  }
  return std::string(text);
}

Result<std::string> Client::history(std::uint32_t count) {
  auto request = make_call("History");
  if (!request) return fail(std::move(request.error()));
  sd_bus_message_append(request->get(), "u", count);
  auto reply = call(*request, short_timeout);
  if (!reply) return fail(std::move(reply.error()));
  const char* json = nullptr;
  if (sd_bus_message_read(reply->get(), "s", &json) <= 0) {
    return fail(Errc::invalid, "the daemon's answer to History is no string; is it of another version?");
  }
  return std::string(json);
}

Result<std::uint32_t> Client::clear_quarantine(const std::string& which) {
  auto request = make_call("ClearQuarantine");
  if (!request) return fail(std::move(request.error()));
  if (sd_bus_message_append(request->get(), "s", which.c_str()) < 0) {
    return fail(Errc::invalid, "{} cannot be a name", quote(which));
  }
  auto reply = call(*request, short_timeout);
  if (!reply) return fail(std::move(reply.error()));
  std::uint32_t cleared = 0;
  if (sd_bus_message_read(reply->get(), "u", &cleared) <= 0) {
    return fail(Errc::invalid, "the daemon's answer to ClearQuarantine is no number; is it of another version?");
  }
  return cleared;
}

Result<std::string> Client::daemon_version() {
  BusError failure;
  char* raw = nullptr;
  const int error = sd_bus_get_property_string(bus_.get(), destination_, bus::manager_path, bus::manager_interface,
                                               "DaemonVersion", failure.get(), &raw);
  if (error < 0) return fail(failure.describe(error, "DaemonVersion"));
  const std::unique_ptr<char, decltype(&std::free)> owned(raw, &std::free);
  return std::string(raw);
}

Result<void> Client::serve_loader(bool serve) {
  auto request = make_call("ServeLoader");
  if (!request) return fail(std::move(request.error()));
  sd_bus_message_append(request->get(), "b", static_cast<int>(serve));
  auto reply = call(*request, short_timeout);
  if (!reply) return fail(std::move(reply.error()));
  return {};
}

Result<void> Client::reload() { return command("Reload", short_timeout); }
Result<void> Client::stop() { return command("Stop", longest_switch); }
Result<void> Client::go_automatic() { return command("Auto", longest_switch); }

}  // namespace schedkit
