#include "core/bus/bus_link.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace schedkit {

namespace {

constexpr Duration first_backoff = std::chrono::milliseconds(250);
constexpr Duration last_backoff = std::chrono::minutes(1);
constexpr Duration debounce = std::chrono::milliseconds(50);

std::string system_address() {
  const char* given = ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return given != nullptr ? given : "unix:path=/run/dbus/system_bus_socket";
}

// The directory of the first socket that an address names; "" when it names none.
std::string directory_of(const std::string& address) {
  constexpr std::string_view key = "unix:path=";
  const auto at = address.find(key);
  if (at == std::string::npos) return "";
  const std::string path = address.substr(at + key.size(), address.find_first_of(",;", at) - at - key.size());
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "" : path.substr(0, slash);
}

}  // namespace

BusLink::BusLink(Loop& loop, std::string address, Up up, Down down, End end)
    : loop_(loop),
      address_(address.empty() ? system_address() : std::move(address)),
      end_(end),
      up_(std::move(up)),
      down_(std::move(down)),
      timer_(loop) {}

BusLink::~BusLink() = default;

void BusLink::open() {
  if (open_) return;
  open_ = true;
  backoff_ = Duration{0};
  attempt();
}

void BusLink::close() {
  if (!open_) return;
  open_ = up_now_ = false;
  timer_.cancel();
  appears_.reset();
  trouble_.clear();
  down_();
  greeting_.reset();
  counter_.reset();
  connection_.reset();
}

void BusLink::attempt() {
  if (const int error = connect(); error < 0) wait(-error);
}

// A negative errno value when there is no use in waiting.
int BusLink::connect() {
  sd_bus* raw = nullptr;
  if (const int error = sd_bus_new(&raw); error < 0) return error;
  BusPtr bus(raw);
  int error = sd_bus_set_address(raw, address_.c_str());
  if (error >= 0) error = sd_bus_set_bus_client(raw, end_ == End::bus ? 1 : 0);
  if (error >= 0) error = sd_bus_set_connected_signal(raw, 1);
  if (error >= 0) error = sd_bus_start(raw);  // the greeting is answered later
  if (error < 0) return error;
  sd_bus_slot* slot = nullptr;
  error = sd_bus_add_match(
      raw, &slot,
      "type='signal',path='/org/freedesktop/DBus/Local',interface='org.freedesktop.DBus.Local',"
      "member='Connected'",
      [](sd_bus_message*, void* self, sd_bus_error*) noexcept {
        static_cast<BusLink*>(self)->greeted();
        return 0;
      },
      this);  // a local match: nothing is asked of the bus
  if (error < 0) return error;
  SlotPtr greeting(slot);
  slot = nullptr;
  const auto count = [](sd_bus_message*, void* self, sd_bus_error*) noexcept {
    ++static_cast<BusLink*>(self)->wakeups_;
    return 0;
  };
  if (error = sd_bus_add_filter(raw, &slot, count, this); error < 0) return error;
  SlotPtr counter(slot);
  // What we ask at once is bounded by the policy.
  auto connection = Connection::create(
      loop_, std::move(bus), [this](int reason) { lost(reason); }, std::numeric_limits<std::uint64_t>::max());
  if (!connection) return -EIO;
  greeting_ = std::move(greeting);
  counter_ = std::move(counter);
  connection_ = std::move(*connection);
  return 0;
}

void BusLink::greeted() {
  up_now_ = true;
  backoff_ = Duration{0};
  appears_.reset();
  trouble_.clear();
  up_(connection_->bus());
}

void BusLink::lost(int error) {
  up_now_ = false;
  down_();
  greeting_.reset();
  counter_.reset();
  connection_.reset();
  wait(error);
}

void BusLink::wait(int error) {
  trouble_ = fmt::format("{} does not answer: {}", address_, std::strerror(error));
  const bool absent = error == ENOENT || error == ECONNREFUSED;
  if (absent && appears_) return;  // inotify tells
  if (const auto directory = directory_of(address_); absent && !directory.empty()) {
    auto watch = DirWatch::create(loop_, {directory}, debounce, [this] {
      if (!connection_) attempt();
    });
    if (watch) {
      appears_ = std::move(*watch);
      timer_.set(Duration{0}, [this] { attempt(); });  // it may have come before the watch did
      return;
    }
  }
  backoff_ = std::clamp(2 * backoff_, first_backoff, last_backoff);
  timer_.set(backoff_, [this] { attempt(); });
}

}  // namespace schedkit
