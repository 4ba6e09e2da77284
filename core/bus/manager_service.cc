#include "core/bus/manager_service.h"

#include <systemd/sd-bus.h>

#include <algorithm>

#include "core/bus/answer.h"
#include "core/bus/event_json.h"
#include "core/bus/manager_vtable.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

std::uint64_t microseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

// The transitions that are told; the others are steps on the way, or of no scheduler.
enum class Told { nothing, switched, failed, rolled_back };

Told told_as(HistoryEvent event) {
  switch (event) {
    case HistoryEvent::switched:
    case HistoryEvent::restarted: return Told::switched;
    case HistoryEvent::failed:
    case HistoryEvent::lost: return Told::failed;
    case HistoryEvent::rolled_back: return Told::rolled_back;
    default: return Told::nothing;
  }
}

}  // namespace

ManagerService::Attachment::Attachment(ManagerService& service, sd_bus* bus, std::string peer, Authority* authority,
                                       bool reads_only)
    : service_(service),
      bus_(bus),
      peer_(std::move(peer)),
      authority_(authority),
      reads_only_(reads_only),
      clients_(authority != nullptr ? bus : nullptr,
               [this](const std::string& client) {
                 holds_.gone(client);
                 images_.gone(client);
               }),
      holds_(service.controls_, clients_),
      images_(service.images_, service.clock_, clients_) {
  service_.attachments_.push_back(this);
}

ManagerService::Attachment::~Attachment() {
  std::erase(service_.attachments_, this);
  if (stream_) service_.follow_streams();
}

Result<void> ManagerService::Attachment::add_object() {
  sd_bus_slot* slot = nullptr;
  const int error =
      sd_bus_add_object_vtable(bus_, &slot, bus::manager_path, bus::manager_interface, manager_vtable(), this);
  if (error < 0) return fail_errno(-error, "cannot offer the manager on a bus connection");
  slot_.reset(slot);
  return {};
}

int ManagerService::Attachment::authorized(sd_bus_message* call, const char* action, Method method) {
  if (reads_only_) return bus::refuse(call, {Errc::denied, "this socket is for reading only", {}});
  if (authority_ == nullptr) return method(*this, call, peer_);
  const bool interactive = sd_bus_message_get_allow_interactive_authorization(call) > 0;
  const auto answer = [this, method, held = Message::share(call)](const Result<Authority::Caller>& caller) {
    const int error = caller ? method(*this, held.get(), caller->text) : bus::refuse(held.get(), caller.error());
    if (error < 0) sd_bus_reply_method_errno(held.get(), error, nullptr);
  };
  authority_->check(call, action, interactive, answer);
  return bus::handled;
}

std::string ManagerService::Attachment::client(sd_bus_message* call) const {
  const char* sender = authority_ != nullptr ? sd_bus_message_get_sender(call) : nullptr;
  return sender != nullptr ? sender : "";
}

Result<void> ManagerService::Attachment::watch() {
  if (authority_ != nullptr) return fail(Errc::denied, "what processes do is told over the daemon's own socket only");
  stream_ = std::make_unique<WatchStream>(bus_, clock().now(), [this] { return controls().snapshot(); });
  service_.follow_streams();
  return {};
}

void ManagerService::Attachment::drained() {
  if (stream_) stream_->drained(clock().now());
}

Result<std::vector<OutputLine>> ManagerService::Attachment::logs(const std::string& scheduler, bool follow) {
  // On a bus the signal would go to everybody, and a connection is not its client.
  if (follow && authority_ != nullptr) {
    return fail(Errc::unsupported, "output can be followed over the private socket alone");
  }
  if (follow) followed_ = scheduler;
  return service_.output_log_.lines(scheduler);
}

void ManagerService::Attachment::tell(const OutputLine& line) const {
  if (!followed_ || (!followed_->empty() && *followed_ != line.scheduler)) return;
  sd_bus_emit_signal(bus_, bus::manager_path, bus::manager_interface, "Output", "ss",
                     bus::printable(line.scheduler).c_str(), bus::printable(line.text, 8192).c_str());
}

// The names are told without values being copied here: sd-bus asks the getters, in this same turn.
void ManagerService::Attachment::tell(const Properties& before, const Properties& after) const {
  if (sd_bus_is_ready(bus_) <= 0) return;  // it has not authenticated yet and knows no older values
  std::vector<std::string> names;
  for (std::size_t i = 0; i < Properties::names.size(); ++i) {
    if (before.texts[i] != after.texts[i]) names.emplace_back(Properties::names[i]);
  }
  if (before.since != after.since) names.emplace_back("Since");
  if (before.holds != after.holds) names.emplace_back("Holds");
  if (names.empty()) return;
  std::vector<char*> pointers;
  for (auto& name : names) pointers.push_back(name.data());
  pointers.push_back(nullptr);
  sd_bus_emit_properties_changed_strv(bus_, bus::manager_path, bus::manager_interface, pointers.data());
}

void ManagerService::Attachment::tell(const HistoryEntry& entry) const {
  if (sd_bus_is_ready(bus_) <= 0) return;
  const auto emit = [&](const char* member, const char* types, auto... values) {
    sd_bus_emit_signal(bus_, bus::manager_path, bus::manager_interface, member, types, values...);
  };
  const std::string from = bus::printable(entry.from);
  const std::string to = bus::printable(entry.to);
  const std::string text = bus::printable(entry.text);
  switch (told_as(entry.event)) {
    case Told::switched:
      return emit("Switched", "sssttt", from.c_str(), to.c_str(), bus::printable(entry.cause).c_str(),
                  microseconds(entry.prepare), microseconds(entry.detach), microseconds(entry.attach));
    case Told::failed:
      return emit("SwitchFailed", "ssb", entry.event == HistoryEvent::lost ? from.c_str() : to.c_str(), text.c_str(),
                  static_cast<int>(entry.quarantined));
    case Told::rolled_back:
      return emit("RolledBack", "sss", from.c_str(), to.c_str(),
                  text.empty() ? bus::printable(entry.cause).c_str() : text.c_str());
    case Told::nothing: return;
  }
}

void ManagerService::Attachment::tell_policy() const {
  if (sd_bus_is_ready(bus_) <= 0) return;
  sd_bus_emit_signal(bus_, bus::manager_path, bus::manager_interface, "PolicyChanged", "");
}

ManagerService::ManagerService(Controls& controls, const Clock& clock, ImageCommands* images)
    : controls_(controls), clock_(clock), images_(images), told_(properties_of(controls.status())) {}

ManagerService::~ManagerService() = default;

Result<std::unique_ptr<ManagerService::Attachment>> ManagerService::attach(std::unique_ptr<Attachment> attachment) {
  if (auto added = attachment->add_object(); !added) return fail(std::move(added.error()));
  return attachment;
}

// Nothing is told, nor made ready to be told, while nobody watches.
void ManagerService::follow_streams() {
  const bool any = std::ranges::any_of(attachments_, [](const auto* one) { return one->stream_ != nullptr; });
  controls_.set_watcher(any ? this : nullptr);
}

void ManagerService::tell_streams(Instant at, const std::string& object) {
  for (auto* attachment : attachments_) {
    if (attachment->stream_) attachment->stream_->tell(at, object);
  }
}

void ManagerService::saw(Instant at, const SimulatedAction& action) { tell_streams(at, action_json(action, at)); }
void ManagerService::decided(Instant at, const Decision& decision) { tell_streams(at, decision_json(decision)); }
void ManagerService::happened(Instant at, const HistoryEntry& entry) { tell_streams(at, happened_json(entry)); }

Result<std::unique_ptr<ManagerService::Attachment>> ManagerService::attach(sd_bus* bus, std::string peer,
                                                                           bool reads_only) {
  return attach(std::make_unique<Attachment>(*this, bus, std::move(peer), nullptr, reads_only));
}

Result<std::unique_ptr<ManagerService::Attachment>> ManagerService::attach(sd_bus* bus, Authority& authority) {
  return attach(std::make_unique<Attachment>(*this, bus, "", &authority));
}

void ManagerService::happened(const HistoryEntry& entry) {
  if (told_as(entry.event) != Told::nothing) happened_.push_back(entry);
}

void ManagerService::changed() {
  Properties now = properties_of(controls_.status());
  const auto happened = std::exchange(happened_, {});
  const bool policy = std::exchange(policy_changed_, false);
  for (const auto* attachment : attachments_) {
    attachment->tell(told_, now);
    for (const auto& entry : happened) attachment->tell(entry);
    if (policy) attachment->tell_policy();
  }
  told_ = std::move(now);
}

void ManagerService::output(const std::string& scheduler, const std::string& line) {
  const OutputLine told{scheduler, line};
  for (const auto* attachment : attachments_) attachment->tell(told);
  output_log_.add(told);
}

}  // namespace schedkit
