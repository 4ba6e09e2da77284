#include "core/bus/daemon_link.h"

#include <systemd/sd-bus.h>

#include <utility>

#include "core/base/text.h"
#include "core/bus/names.h"
#include "core/bus/status_json.h"

namespace schedkit {

namespace {

constexpr Duration burst = std::chrono::milliseconds(50);
constexpr std::uint64_t answer_microseconds = 30'000'000;

int on_signal(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  std::uint8_t type = 0;
  if (sd_bus_message_get_type(message, &type) >= 0 && type == SD_BUS_MESSAGE_SIGNAL) {
    const char* path = sd_bus_message_get_path(message);
    if (path != nullptr && std::string_view(path) == bus::manager_path) static_cast<DaemonLink*>(self)->ask_soon();
  }
  return 0;
}

int on_answer(sd_bus_message* answer, void* self, sd_bus_error*) noexcept {
  static_cast<DaemonLink*>(self)->answered(answer);
  return 0;
}

}  // namespace

DaemonLink::DaemonLink(Loop& loop, const Clock& clock, const std::string& socket, Told told)
    : clock_(clock),
      socket_(socket),
      told_(std::move(told)),
      soon_(loop),
      link_(
          loop, "unix:path=" + socket, [this](sd_bus* bus) { up(bus); }, [this] { down(); }, BusLink::End::peer) {}

DaemonLink::~DaemonLink() {
  told_ = nullptr;
  link_.close();
}

void DaemonLink::open() {
  link_.open();
  // A daemon that is not there yet is not lost, and so not told.
  soon_.set(Duration::zero(), [this] {
    if (!link_.trouble().empty()) down();
  });
}

void DaemonLink::up(sd_bus* bus) {
  sd_bus_slot* slot = nullptr;
  if (sd_bus_add_filter(bus, &slot, on_signal, this) >= 0) signals_.reset(slot);
  ask();
}

void DaemonLink::down() {
  signals_.reset();
  question_.reset();
  soon_.cancel();
  again_ = false;
  if (told_) told_(fail(Errc::io, "schedkitd does not answer at {}", socket_));
}

void DaemonLink::ask_soon() {
  if (question_) {
    again_ = true;
  } else if (!soon_.is_set()) {
    soon_.set(burst, [this] { ask(); });
  }
}

void DaemonLink::ask() {
  sd_bus* bus = link_.bus();
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_call(bus, &raw, nullptr, bus::manager_path, bus::manager_interface, "Status");
  const Message question = Message::adopt(raw);
  sd_bus_slot* slot = nullptr;
  if (error >= 0) error = sd_bus_call_async(bus, &slot, raw, on_answer, this, answer_microseconds);
  if (error < 0) return;  // the connection is lost: down() comes
  question_.reset(slot);
}

void DaemonLink::answered(sd_bus_message* answer) {
  question_.reset();
  if (std::exchange(again_, false)) ask_soon();
  const char* json = nullptr;
  if (const sd_bus_error* error = sd_bus_message_get_error(answer); error != nullptr) {
    return told_(fail(Errc::failed, "schedkitd does not tell its status: {}", error->message));
  }
  if (sd_bus_message_read(answer, "s", &json) <= 0) {
    return told_(fail(Errc::invalid, "schedkitd's answer to Status is no string; is it of another version?"));
  }
  told_(parse_status(json, clock_.now()));
}

}  // namespace schedkit
