#include "core/bus/authority.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <algorithm>

#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr std::uint32_t allow_interaction = 1;       // CheckAuthorizationFlags.AllowUserInteraction
constexpr std::uint64_t quick_timeout = 10'000'000;  // microseconds
constexpr std::uint64_t password_timeout = 300'000'000;

// (sa{sv}) subject, s action, a{ss} details, u flags, s cancellation id
int append_question(sd_bus_message* call, const char* subject, const char* action, std::uint32_t flags) {
  return sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s", subject, action, 0, flags,
                               "");
}

Result<void> verdict(sd_bus_message* reply, const char* action, bool interactive) {
  int allowed = 0;
  int challenge = 0;
  if (sd_bus_message_is_method_error(reply, nullptr) != 0 ||
      sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
      sd_bus_message_read(reply, "bb", &allowed, &challenge) <= 0) {
    const auto* error = sd_bus_message_get_error(reply);
    return fail(
        Errc::denied, "only root may do this while polkit cannot be asked ({}: {})", action,
        bus::printable(error != nullptr && error->name != nullptr ? error->name : "an answer that makes no sense"));
  }
  if (allowed != 0) return {};
  if (challenge != 0 && !interactive) {
    return fail(Errc::denied, "this needs a password, and the call does not allow asking for it ({})", action);
  }
  return fail(Errc::denied, "not allowed by polkit ({})", action);
}

}  // namespace

Result<void> Authority::room_for(const std::string& caller) const {
  if (checks_.size() >= most_checks) return fail(Errc::limit, "{} calls wait for polkit already", checks_.size());
  const auto own = std::ranges::count_if(checks_, [&](const Check& check) { return check.caller.name == caller; });
  if (own < static_cast<std::ptrdiff_t>(most_checks_of_one)) return {};
  return fail(Errc::limit, "{} calls of {} wait for polkit already", own, caller);
}

void Authority::check(sd_bus_message* call, const char* action, bool interactive, Answer answer) {
  const char* sender = sd_bus_message_get_sender(call);
  if (sender == nullptr) return answer(fail(Errc::denied, "the call has no sender"));
  if (auto room = room_for(sender); !room) return answer(fail(std::move(room.error())));
  checks_.push_back({this, {sender, sender}, action, interactive, std::move(answer)});
  ask_user(checks_.back());
}

void Authority::ask_user(Check& check) {
  sd_bus_slot* slot = nullptr;
  const int error = sd_bus_call_method_async(
      bus_, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser",
      [](sd_bus_message* reply, void* data, sd_bus_error*) noexcept {
        auto& asked = *static_cast<Check*>(data);
        asked.all->told_user(asked, reply);
        return 0;
      },
      &check, "s", check.caller.name.c_str());
  if (error < 0) return finish(check, fail_errno(-error, "cannot ask who calls"));
  check.slot.reset(slot);
}

void Authority::told_user(Check& check, sd_bus_message* reply) {
  std::uint32_t uid = 0;
  if (sd_bus_message_is_method_error(reply, nullptr) != 0 || sd_bus_message_read(reply, "u", &uid) <= 0) {
    return finish(check, fail(Errc::denied, "{} is gone", check.caller.name));
  }
  check.caller.text = fmt::format("{} (uid {})", check.caller.name, uid);
  if (uid == 0 || uid == ::geteuid()) return finish(check, {});
  ask_polkit(check);
}

void Authority::ask_polkit(Check& check) {
  sd_bus_message* raw = nullptr;
  int error =
      sd_bus_message_new_method_call(bus_, &raw, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                                     "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
  const Message call = Message::adopt(raw);
  if (error >= 0) {
    error = append_question(raw, check.caller.name.c_str(), check.action, check.interactive ? allow_interaction : 0);
  }
  sd_bus_slot* slot = nullptr;
  if (error >= 0) {
    error = sd_bus_call_async(
        bus_, &slot, raw,
        [](sd_bus_message* reply, void* data, sd_bus_error*) noexcept {
          auto& asked = *static_cast<Check*>(data);
          asked.all->told_polkit(asked, reply);
          return 0;
        },
        &check, check.interactive ? password_timeout : quick_timeout);
  }
  if (error < 0) return finish(check, fail_errno(-error, "cannot ask polkit"));
  check.slot.reset(slot);
}

void Authority::told_polkit(Check& check, sd_bus_message* reply) {
  finish(check, verdict(reply, check.action, check.interactive));
}

void Authority::finish(Check& check, Result<void> result) {
  const Answer answer = std::move(check.answer);
  Caller caller = std::move(check.caller);
  checks_.remove_if([&](const Check& other) { return &other == &check; });
  result ? answer(std::move(caller)) : answer(fail(std::move(result.error())));
}

}  // namespace schedkit
