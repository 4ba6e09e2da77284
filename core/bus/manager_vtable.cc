#include "core/bus/manager_vtable.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/bus/answer.h"
#include "core/bus/explanation.h"
#include "core/bus/history_json.h"
#include "core/bus/manager_lists.h"
#include "core/bus/manager_service.h"
#include "core/bus/names.h"
#include "core/bus/run_arguments.h"
#include "core/bus/status_json.h"

namespace schedkit {

namespace {

using bus::answer_later;
using bus::handled;
using bus::refuse;
using Attachment = ManagerService::Attachment;

template <class Append>
int reply_with(sd_bus_message* call, Append append) {
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_return(call, &raw);
  const Message answer = Message::adopt(raw);
  if (error >= 0) error = append(raw);
  return error < 0 ? error : sd_bus_send(nullptr, raw, nullptr);
}

// --- for those who may (polkit actions: units/io.schedkit.policy) ---

constexpr const char* hold_action = "io.schedkit.hold";
constexpr const char* run_action = "io.schedkit.run";
constexpr const char* image_action = "io.schedkit.image";
constexpr const char* policy_action = "io.schedkit.policy";
constexpr const char* inspect_action = "io.schedkit.inspect";

int run(Attachment& self, sd_bus_message* call, const std::string& by) {
  auto command = read_run_arguments(call);
  if (!command) return refuse(call, command.error());
  command->by = by;
  self.controls().run(std::move(*command), answer_later(call));
  return handled;
}

int stop(Attachment& self, sd_bus_message* call, const std::string& by) {
  self.controls().stop(by, answer_later(call));
  return handled;
}

int go_automatic(Attachment& self, sd_bus_message* call, const std::string&) {
  self.controls().go_automatic(answer_later(call));
  return handled;
}

int hold(Attachment& self, sd_bus_message* call, const std::string& by) {
  auto command = read_hold_arguments(call);
  if (!command) return refuse(call, command.error());
  command->by = by;
  const auto done = [held = Message::share(call)](std::uint32_t cookie, const Result<void>& result) {
    bus::note_unsent(result ? sd_bus_reply_method_return(held.get(), "u", cookie) : refuse(held.get(), result.error()));
  };
  self.holds().hold(self.client(call), std::move(*command), done);
  return handled;
}

// Arguments can make a scheduler do what no policy wants, so they are for those who may run one.
int authorize_hold(sd_bus_message* call, void* data, sd_bus_error*) {
  const auto command = read_hold_arguments(call);
  if (!command) return refuse(call, command.error());
  if (const int error = sd_bus_message_rewind(call, 1); error < 0) return error;
  return static_cast<Attachment*>(data)->authorized(call, command->args ? run_action : hold_action, hold);
}

int clear_quarantine(Attachment& self, sd_bus_message* call, const std::string&) {
  const char* which = nullptr;
  if (const int error = sd_bus_message_read(call, "s", &which); error < 0) return error;
  return sd_bus_reply_method_return(call, "u", static_cast<std::uint32_t>(self.controls().clear_quarantine(which)));
}

int reload(Attachment& self, sd_bus_message* call, const std::string&) {
  self.controls().reload(answer_later(call));
  return handled;
}

int serve_loader(Attachment& self, sd_bus_message* call, const std::string&) {
  int serve = 0;
  if (const int error = sd_bus_message_read(call, "b", &serve); error < 0) return error;
  if (!self.serve_loader()) return refuse(call, {Errc::unsupported, "this daemon has no system bus", {}});
  self.serve_loader()(serve != 0, answer_later(call));
  return handled;
}

int explain(Attachment& self, sd_bus_message* call, const std::string&) {
  const char* rule = nullptr;
  const char* form = nullptr;
  if (const int error = sd_bus_message_read(call, "ss", &rule, &form); error < 0) return error;
  const bool json = std::strcmp(form, "json") == 0;
  if (!json && std::strcmp(form, "text") != 0) {
    return refuse(call, {Errc::invalid, "the form of an explanation is json or text", {}});
  }
  auto explanation = self.controls().explain();
  if (*rule != '\0') {
    if (auto kept = keep_rule(explanation, rule); !kept) return refuse(call, kept.error());
  }
  const Instant now = self.clock().now();
  const auto text = json ? explanation_json(explanation, now) : explanation_text(explanation, now);
  return sd_bus_reply_method_return(call, "s", text.c_str());
}

int logs(Attachment& self, sd_bus_message* call, const std::string&) {
  const char* scheduler = nullptr;
  int follow = 0;
  if (const int error = sd_bus_message_read(call, "sb", &scheduler, &follow); error < 0) return error;
  const auto lines = self.logs(scheduler, follow != 0);
  if (!lines) return refuse(call, lines.error());
  return reply_with(call, [&](sd_bus_message* answer) { return append_output(answer, *lines); });
}

int watch(Attachment& self, sd_bus_message* call, const std::string&) { return bus::answer(call, self.watch()); }

int pull(Attachment& self, sd_bus_message* call, const std::string&) {
  return self.images().pull(self.bus(), call, self.client(call));
}

template <int (ImageCalls::*method)(sd_bus_message*)>
int on_images(Attachment& self, sd_bus_message* call, const std::string&) {
  return (self.images().*method)(call);
}

template <const auto& action, Attachment::Method method>
int with(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<Attachment*>(data)->authorized(call, action, method);
}

// --- for everybody ---

// The cookie is the permission.
int on_release(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  std::uint32_t cookie = 0;
  if (const int error = sd_bus_message_read(call, "u", &cookie); error < 0) return error;
  return bus::answer(call, self.holds().release(self.client(call), cookie));
}

constexpr std::uint32_t most_history = 1000;

int on_history(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  std::uint32_t count = 0;
  if (const int error = sd_bus_message_read(call, "u", &count); error < 0) return error;
  const auto entries = static_cast<Attachment*>(data)->controls().history(std::min(count, most_history));
  return sd_bus_reply_method_return(call, "s", history_json(entries).c_str());
}

int on_status(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  auto& self = *static_cast<Attachment*>(data);
  return sd_bus_reply_method_return(call, "s", status_json(self.controls().status(), self.clock().now()).c_str());
}

int on_list_schedulers(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  const auto& policy = static_cast<Attachment*>(data)->controls().policy();
  return reply_with(call, [&](sd_bus_message* answer) { return append_schedulers(answer, policy.schedulers); });
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

int on_list_images(sd_bus_message* call, void* data, sd_bus_error*) noexcept {
  return static_cast<Attachment*>(data)->images().list(call);
}

// --- properties ---

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

int get_holds(sd_bus*, const char*, const char*, const char*, sd_bus_message* answer, void* data,
              sd_bus_error*) noexcept {
  return append_holds(answer, static_cast<Attachment*>(data)->controls().status().holds);
}

// sd-bus would ask the bus who a caller is, and wait: everything is open to it, and authorized() asks.
constexpr std::uint64_t open = SD_BUS_VTABLE_UNPRIVILEGED;
constexpr std::uint64_t changes = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;

#define TEXT_PROPERTY(name) SD_BUS_PROPERTY(name, "s", get_text, 0, changes)

const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Run", SD_BUS_ARGS("s", scheduler, "a{sv}", options), SD_BUS_NO_RESULT,
                            (with<run_action, run>), open),
    SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, (with<run_action, stop>), open),
    SD_BUS_METHOD_WITH_ARGS("Auto", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, (with<run_action, go_automatic>), open),
    SD_BUS_METHOD_WITH_ARGS("Hold", SD_BUS_ARGS("s", scheduler, "s", reason, "a{sv}", options),
                            SD_BUS_RESULT("u", cookie), authorize_hold, open),
    SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("u", cookie), SD_BUS_NO_RESULT, on_release, open),
    SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, (with<policy_action, reload>), open),
    SD_BUS_METHOD_WITH_ARGS("ServeLoader", SD_BUS_ARGS("b", serve), SD_BUS_NO_RESULT,
                            (with<policy_action, serve_loader>), open),
    SD_BUS_METHOD_WITH_ARGS("ClearQuarantine", SD_BUS_ARGS("s", which), SD_BUS_RESULT("u", cleared),
                            (with<run_action, clear_quarantine>), open),
    SD_BUS_METHOD_WITH_ARGS("History", SD_BUS_ARGS("u", count), SD_BUS_RESULT("s", json), on_history, open),
    SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), on_status, open),
    // Not for everybody: it tells which processes run.
    SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", rule, "s", form), SD_BUS_RESULT("s", explanation),
                            (with<inspect_action, explain>), open),
    SD_BUS_METHOD_WITH_ARGS("Logs", SD_BUS_ARGS("s", scheduler, "b", follow), SD_BUS_RESULT("a(ss)", lines),
                            (with<inspect_action, logs>), open),
    SD_BUS_METHOD_WITH_ARGS("Watch", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, (with<inspect_action, watch>), open),
    SD_BUS_METHOD_WITH_ARGS("ListSchedulers", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssas)", schedulers), on_list_schedulers,
                            open),
    SD_BUS_METHOD_WITH_ARGS("ListRules", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssisx)", rules), on_list_rules, open),
    SD_BUS_METHOD_WITH_ARGS("ListPolicyFiles", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssssssa(uus)a(uus))", files),
                            on_list_files, open),
    SD_BUS_METHOD_WITH_ARGS("Pull", SD_BUS_ARGS("s", reference, "a{sv}", options), SD_BUS_RESULT("o", job),
                            (with<image_action, pull>), open),
    SD_BUS_METHOD_WITH_ARGS("ListImages", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssbxtt)", images), on_list_images, open),
    SD_BUS_METHOD_WITH_ARGS("RemoveImage", SD_BUS_ARGS("s", reference),
                            SD_BUS_RESULT("as", removed, "t", freed, "t", left),
                            (with<image_action, on_images<&ImageCalls::remove>>), open),
    SD_BUS_METHOD_WITH_ARGS("PruneImages", SD_BUS_ARGS("b", all), SD_BUS_RESULT("as", removed, "t", freed, "t", left),
                            (with<image_action, on_images<&ImageCalls::prune>>), open),
    SD_BUS_METHOD_WITH_ARGS("VerifyImages", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", problems),
                            (with<image_action, on_images<&ImageCalls::verify>>), open),
    SD_BUS_METHOD_WITH_ARGS("VerifyTrust", SD_BUS_ARGS("s", reference, "a{sv}", options),
                            SD_BUS_RESULT("b", trusted, "s", report),
                            (with<image_action, on_images<&ImageCalls::verify_trust>>), open),
    SD_BUS_SIGNAL_WITH_ARGS("Output", SD_BUS_ARGS("s", scheduler, "s", line), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Watched", SD_BUS_ARGS("s", line), 0),
    SD_BUS_SIGNAL_WITH_ARGS("Switched",
                            SD_BUS_ARGS("s", from, "s", to, "s", cause, "t", prepare, "t", detach, "t", attach), 0),
    SD_BUS_SIGNAL_WITH_ARGS("SwitchFailed", SD_BUS_ARGS("s", scheduler, "s", text, "b", quarantined), 0),
    SD_BUS_SIGNAL_WITH_ARGS("RolledBack", SD_BUS_ARGS("s", from, "s", to, "s", text), 0),
    SD_BUS_SIGNAL_WITH_ARGS("PolicyChanged", SD_BUS_NO_ARGS, 0), TEXT_PROPERTY("State"), TEXT_PROPERTY("Scheduler"),
    TEXT_PROPERTY("Ops"), TEXT_PROPERTY("Image"), TEXT_PROPERTY("Digest"), TEXT_PROPERTY("Rule"),
    TEXT_PROPERTY("Reason"), TEXT_PROPERTY("Mode"), TEXT_PROPERTY("Override"), TEXT_PROPERTY("KernelState"),
    SD_BUS_PROPERTY("DaemonVersion", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Since", "t", get_since, 0, changes), SD_BUS_PROPERTY("Holds", "a(ussss)", get_holds, 0, changes),
    SD_BUS_VTABLE_END};

#undef TEXT_PROPERTY

}  // namespace

const sd_bus_vtable* manager_vtable() { return vtable; }

}  // namespace schedkit
