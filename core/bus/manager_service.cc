#include "core/bus/manager_service.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/log.h"
#include "core/bus/event_json.h"
#include "core/bus/explanation.h"
#include "core/bus/history_json.h"
#include "core/bus/names.h"
#include "core/bus/run_arguments.h"
#include "core/bus/status_json.h"

namespace schedkit {

namespace {

using Attachment = ManagerService::Attachment;

int reply_error(sd_bus_message* call, const Error& error) {
  return sd_bus_reply_method_errorf(call, bus::error_name(error.code).c_str(), "%s",
                                    bus::printable(error.describe()).c_str());
}

int reply(sd_bus_message* call, const Result<void>& result) {
  return result ? sd_bus_reply_method_return(call, "") : reply_error(call, result.error());
}

// Answers `call` when the command is over. The caller may have gone by then.
Controls::Done answer_later(sd_bus_message* call) {
  return [held = Message::share(call)](const Result<void>& result) {
    const int sent = reply(held.get(), result);
    if (sent < 0 && sent != -ENOTCONN && sent != -ECONNRESET && sent != -EPIPE) {
      log::warning("cannot answer a command: {}", std::strerror(-sent));
    }
  };
}

// sd-bus takes 0 for "not handled": a handler that has answered or will answer returns more.
constexpr int handled = 1;

int on_run(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  auto command = read_run_arguments(call);
  if (!command) return reply_error(call, command.error());
  command->by = self.caller(call);
  self.controls().run(std::move(*command), answer_later(call));
  return handled;
}

int on_stop(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  self.controls().stop(self.caller(call), answer_later(call));
  return handled;
}

int on_auto(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  static_cast<Attachment*>(data)->controls().go_automatic(answer_later(call));
  return handled;
}

constexpr std::uint32_t most_history = 1000;

int on_history(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  std::uint32_t count = 0;
  if (const int error = sd_bus_message_read(call, "u", &count); error < 0) return error;
  const auto entries = static_cast<Attachment*>(data)->controls().history(std::min(count, most_history));
  return sd_bus_reply_method_return(call, "s", history_json(entries).c_str());
}

int on_clear_quarantine(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  const char* which = nullptr;
  if (const int error = sd_bus_message_read(call, "s", &which); error < 0) return error;
  const auto cleared = static_cast<Attachment*>(data)->controls().clear_quarantine(which);
  return sd_bus_reply_method_return(call, "u", static_cast<std::uint32_t>(cleared));
}

int on_reload(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  static_cast<Attachment*>(data)->controls().reload(answer_later(call));
  return handled;
}

int on_watch(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return reply(call, static_cast<Attachment*>(data)->watch());
}

int on_status(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  return sd_bus_reply_method_return(call, "s", status_json(self.controls().status(), self.clock().now()).c_str());
}

int on_explain(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  const char* rule = nullptr;
  const char* form = nullptr;
  if (const int error = sd_bus_message_read(call, "ss", &rule, &form); error < 0) return error;
  const bool json = std::strcmp(form, "json") == 0;
  if (!json && std::strcmp(form, "text") != 0) {
    return reply_error(call, {Errc::invalid, "the form of an explanation is json or text", {}});
  }
  auto explanation = self.controls().explain();
  if (*rule != '\0') {
    if (auto kept = keep_rule(explanation, rule); !kept) return reply_error(call, kept.error());
  }
  const Instant now = self.clock().now();
  const auto text = json ? explanation_json(explanation, now) : explanation_text(explanation, now);
  return sd_bus_reply_method_return(call, "s", text.c_str());
}

// -1 without `until`; what is due is 0.
std::int64_t milliseconds_until(const std::optional<Instant>& until, Instant now) {
  if (!until) return -1;
  return std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*until - now).count());
}

int append_rules(sd_bus_message* answer, const std::vector<RuleStatus>& rules, Instant now) {
  int error = sd_bus_message_open_container(answer, 'a', "(ssisx)");
  for (const auto& rule : rules) {
    if (error < 0) return error;
    error =
        sd_bus_message_append(answer, "(ssisx)", bus::printable(rule.rule).c_str(), bus::printable(rule.use).c_str(),
                              rule.priority, to_string(rule.state).data(), milliseconds_until(rule.until, now));
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_errors(sd_bus_message* answer, const std::vector<Error>& errors) {
  int result = sd_bus_message_open_container(answer, 'a', "(uus)");
  for (const auto& error : errors) {
    if (result < 0) return result;
    result = sd_bus_message_append(answer, "(uus)", error.where.line, error.where.column,
                                   bus::printable(error.text).c_str());
  }
  return result < 0 ? result : sd_bus_message_close_container(answer);
}

int append_file(sd_bus_message* answer, const PolicyFileStatus& file) {
  int error = sd_bus_message_open_container(answer, 'r', "ssssssa(uus)a(uus)");
  if (error >= 0) {
    error =
        sd_bus_message_append(answer, "ssssss", bus::printable(file.path).c_str(), bus::printable(file.layer).c_str(),
                              to_string(file.state).data(), bus::printable(file.hidden_by).c_str(),
                              bus::printable(file.sha256).c_str(), bus::printable(file.sha256_in_force).c_str());
  }
  if (error >= 0) error = append_errors(answer, file.errors);
  if (error >= 0) error = append_errors(answer, file.warnings);
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int append_files(sd_bus_message* answer, const std::vector<PolicyFileStatus>& files) {
  int error = sd_bus_message_open_container(answer, 'a', "(ssssssa(uus)a(uus))");
  for (const auto& file : files) {
    if (error < 0) return error;
    error = append_file(answer, file);
  }
  return error < 0 ? error : sd_bus_message_close_container(answer);
}

int on_pull(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  return self.images().pull(self.bus(), call);
}

int on_logs(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<Attachment*>(data)->logs(call);
}

template <int (ImageCalls::*method)(sd_bus_message*)>
int on_images(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return (static_cast<Attachment*>(data)->images().*method)(call);
}

template <class Append>
int reply_with(sd_bus_message* call, Append append) {
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_return(call, &raw);
  const Message answer = Message::adopt(raw);
  if (error >= 0) error = append(raw);
  return error < 0 ? error : sd_bus_send(nullptr, raw, nullptr);
}

int on_list_rules(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  return reply_with(call, [&](sd_bus_message* answer) {
    return append_rules(answer, self.controls().status().rules, self.clock().now());
  });
}

int on_list_files(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  return reply_with(call, [&](sd_bus_message* answer) { return append_files(answer, self.controls().status().files); });
}

int get_text(sd_bus*, const char*, const char*, const char* property, sd_bus_message* answer, void* data,
             sd_bus_error*) noexcept {
  const Properties properties = properties_of(static_cast<Attachment*>(data)->controls().status());
  for (std::size_t i = 0; i < Properties::names.size(); ++i) {
    if (std::strcmp(Properties::names[i], property) == 0) {
      return sd_bus_message_append(answer, "s", properties.texts[i].c_str());
    }
  }
  return -ENOENT;
}

int get_since(sd_bus*, const char*, const char*, const char*, sd_bus_message* answer, void* data,
              sd_bus_error*) noexcept {
  return sd_bus_message_append(answer, "t", properties_of(static_cast<Attachment*>(data)->controls().status()).since);
}

#define TEXT_PROPERTY(name) SD_BUS_PROPERTY(name, "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

// Methods are not marked unprivileged, so that on a bus sd-bus itself admits root only; reading is for everybody.
const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Run", SD_BUS_ARGS("s", scheduler, "a{sv}", options), SD_BUS_NO_RESULT, on_run, 0),
    SD_BUS_METHOD("Stop", "", "", on_stop, 0), SD_BUS_METHOD("Auto", "", "", on_auto, 0),
    SD_BUS_METHOD("Reload", "", "", on_reload, 0),
    SD_BUS_METHOD_WITH_ARGS("ClearQuarantine", SD_BUS_ARGS("s", which), SD_BUS_RESULT("u", cleared),
                            on_clear_quarantine, 0),
    SD_BUS_METHOD_WITH_ARGS("History", SD_BUS_ARGS("u", count), SD_BUS_RESULT("s", json), on_history,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), on_status, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Logs", SD_BUS_ARGS("s", scheduler, "b", follow), SD_BUS_RESULT("a(ss)", lines), on_logs,
                            0),
    SD_BUS_SIGNAL_WITH_ARGS("Output", SD_BUS_ARGS("s", scheduler, "s", line), 0),
    // Not for everybody: it tells which processes run.
    SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", rule, "s", form), SD_BUS_RESULT("s", explanation), on_explain,
                            0),
    SD_BUS_METHOD("Watch", "", "", on_watch, 0), SD_BUS_SIGNAL_WITH_ARGS("Watched", SD_BUS_ARGS("s", line), 0),
    SD_BUS_METHOD_WITH_ARGS("ListRules", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssisx)", rules), on_list_rules,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("ListPolicyFiles", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssssssa(uus)a(uus))", files),
                            on_list_files, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Pull", SD_BUS_ARGS("s", reference, "a{sv}", options), SD_BUS_RESULT("o", job), on_pull, 0),
    SD_BUS_METHOD_WITH_ARGS("ListImages", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssbxtt)", images),
                            on_images<&ImageCalls::list>, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("RemoveImage", SD_BUS_ARGS("s", reference),
                            SD_BUS_RESULT("as", removed, "t", freed, "t", left), on_images<&ImageCalls::remove>, 0),
    SD_BUS_METHOD_WITH_ARGS("PruneImages", SD_BUS_ARGS("b", all), SD_BUS_RESULT("as", removed, "t", freed, "t", left),
                            on_images<&ImageCalls::prune>, 0),
    SD_BUS_METHOD_WITH_ARGS("VerifyImages", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", problems),
                            on_images<&ImageCalls::verify>, 0),
    SD_BUS_METHOD_WITH_ARGS("VerifyTrust", SD_BUS_ARGS("s", reference, "a{sv}", options),
                            SD_BUS_RESULT("b", trusted, "s", report), on_images<&ImageCalls::verify_trust>, 0),
    TEXT_PROPERTY("State"), TEXT_PROPERTY("Scheduler"), TEXT_PROPERTY("Ops"), TEXT_PROPERTY("Image"),
    TEXT_PROPERTY("Digest"), TEXT_PROPERTY("Rule"), TEXT_PROPERTY("Reason"), TEXT_PROPERTY("Mode"),
    TEXT_PROPERTY("Override"), TEXT_PROPERTY("KernelState"),
    SD_BUS_PROPERTY("DaemonVersion", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Since", "t", get_since, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE), SD_BUS_VTABLE_END};

#undef TEXT_PROPERTY

}  // namespace

ManagerService::Attachment::Attachment(ManagerService& service, sd_bus* bus, std::string peer)
    : service_(service), bus_(bus), peer_(std::move(peer)), images_(service.images_, service.clock_) {
  service_.attachments_.push_back(this);
}

ManagerService::Attachment::~Attachment() {
  std::erase(service_.attachments_, this);
  if (stream_) service_.follow_streams();
}

Result<void> ManagerService::Attachment::add_object() {
  sd_bus_slot* slot = nullptr;
  const int error = sd_bus_add_object_vtable(bus_, &slot, bus::manager_path, bus::manager_interface, vtable, this);
  if (error < 0) return fail_errno(-error, "cannot offer the manager on a bus connection");
  slot_.reset(slot);
  return {};
}

std::string ManagerService::Attachment::caller(sd_bus_message* call) const {
  if (!peer_.empty()) return peer_;
  const char* sender = sd_bus_message_get_sender(call);
  return sender != nullptr ? bus::printable(sender) : "a bus client";
}

Result<void> ManagerService::Attachment::watch() {
  if (peer_.empty()) return fail(Errc::denied, "what processes do is told over the daemon's own socket only");
  stream_ = std::make_unique<WatchStream>(bus_, clock().now(), [this] { return controls().snapshot(); });
  service_.follow_streams();
  return {};
}

void ManagerService::Attachment::drained() {
  if (stream_) stream_->drained(clock().now());
}

int ManagerService::Attachment::logs(sd_bus_message* call) {
  const char* scheduler = nullptr;
  int follow = 0;
  if (const int error = sd_bus_message_read(call, "sb", &scheduler, &follow); error < 0) return error;
  // On a bus the signal would go to everybody, and a connection is not its client.
  if (follow != 0 && peer_.empty()) {
    return reply_error(call, {Errc::unsupported, "output can be followed over the private socket alone", {}});
  }
  if (follow != 0) followed_ = scheduler;
  const auto lines = service_.output_log_.lines(scheduler);
  return reply_with(call, [&](sd_bus_message* answer) {
    int error = sd_bus_message_open_container(answer, 'a', "(ss)");
    for (const auto& line : lines) {
      if (error < 0) return error;
      error = sd_bus_message_append(answer, "(ss)", bus::printable(line.scheduler).c_str(),
                                    bus::printable(line.text, 8192).c_str());
    }
    return error < 0 ? error : sd_bus_message_close_container(answer);
  });
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
  std::vector<char*> pointers;
  for (auto& name : names) pointers.push_back(name.data());
  pointers.push_back(nullptr);
  sd_bus_emit_properties_changed_strv(bus_, bus::manager_path, bus::manager_interface, pointers.data());
}

ManagerService::ManagerService(Controls& controls, const Clock& clock, ImageCommands* images)
    : controls_(controls), clock_(clock), images_(images), told_(properties_of(controls.status())) {}

ManagerService::~ManagerService() = default;

Result<std::unique_ptr<ManagerService::Attachment>> ManagerService::attach(sd_bus* bus, std::string peer) {
  auto attachment = std::make_unique<Attachment>(*this, bus, std::move(peer));
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

void ManagerService::changed() {
  Properties now = properties_of(controls_.status());
  if (now == told_) return;
  for (const auto* attachment : attachments_) attachment->tell(told_, now);
  told_ = std::move(now);
}

void ManagerService::output(const std::string& scheduler, const std::string& line) {
  const OutputLine told{scheduler, line};
  for (const auto* attachment : attachments_) attachment->tell(told);
  output_log_.add(told);
}

}  // namespace schedkit
