#include "core/bus/signal_watch.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

// Nothing that quoting in a match rule would have to escape.
bool plain(std::string_view text) { return !text.empty() && text.find_first_of("'\\") == std::string_view::npos; }

bool is(const std::string& wanted, const char* text) { return wanted.empty() || (text != nullptr && wanted == text); }

}  // namespace

std::string match_rule(const SignalMatch& match) {
  std::string rule = "type='signal'";
  const auto add = [&](std::string_view key, const std::string& value) {
    if (plain(value)) rule += fmt::format(",{}='{}'", key, value);
  };
  add("sender", match.sender);
  add("path", match.path);
  add("interface", match.interface);
  add("member", match.member);
  for (const auto& [position, glob] : match.args) {
    if (position > 63 || has_glob(glob)) continue;
    // argN sees strings only; argNpath sees object paths too, and lets through those that lead to it.
    const std::string_view kind = glob.starts_with('/') ? "path" : "";
    add(fmt::format("arg{}{}", position, kind), glob);
  }
  return rule;
}

bool signal_matches(sd_bus_message* message, const SignalMatch& match, const std::string& owner) {
  const char* sender = sd_bus_message_get_sender(message);
  if (!is(match.path, sd_bus_message_get_path(message)) ||
      !is(match.interface, sd_bus_message_get_interface(message)) ||
      !is(match.member, sd_bus_message_get_member(message))) {
    return false;
  }
  if (!is(match.sender, sender) && (sender == nullptr || owner != sender)) return false;
  if (match.args.empty()) return true;
  sd_bus_message_rewind(message, 1);
  std::size_t found = 0;
  for (unsigned position = 0; position <= match.args.rbegin()->first; ++position) {
    char type = 0;
    const char* contents = nullptr;
    if (sd_bus_message_peek_type(message, &type, &contents) <= 0) return false;
    const auto wanted = match.args.find(position);
    if (wanted == match.args.end()) {
      if (sd_bus_message_skip(message, nullptr) < 0) return false;
      continue;
    }
    const char* text = nullptr;
    if (std::string_view("sog").find(type) == std::string_view::npos) return false;
    if (sd_bus_message_read_basic(message, type, &text) <= 0 || !glob_match(wanted->second, text)) return false;
    ++found;
  }
  return found == match.args.size();
}

void SignalWatch::follow(const std::set<SignalMatch>& matches) {
  std::erase_if(entries_, [&](const auto& entry) {
    if (matches.contains(entry.first)) return false;
    if (bus_ != nullptr) call_driver("RemoveMatch", entry.second, nullptr);
    return true;
  });
  for (const auto& match : matches) {
    const auto [place, added] = entries_.try_emplace(match, Entry{match});
    if (added && bus_ != nullptr) ask(place->second);
  }
}

// Not sd_bus_add_match(): sd-bus compares once more, and looks for arguments only as far as all of them are strings.
void SignalWatch::up(sd_bus* bus) {
  bus_ = bus;
  sd_bus_slot* slot = nullptr;
  const auto heard = [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    if (sd_bus_message_is_signal(message, nullptr, nullptr) > 0) static_cast<SignalWatch*>(self)->receive(message);
    return 0;  // others may look at it too
  };
  if (sd_bus_add_filter(bus, &slot, heard, this) >= 0) filter_.reset(slot);
  for (auto& [match, entry] : entries_) ask(entry);
}

void SignalWatch::down() {
  bus_ = nullptr;
  filter_.reset();
  for (auto& [match, entry] : entries_) entry.query.reset();
}

void SignalWatch::ask(Entry& entry) {
  sd_bus_slot* slot = nullptr;
  call_driver("AddMatch", entry, &slot);
  entry.query.reset(slot);
}

// The answer is looked at when `slot` is given.
void SignalWatch::call_driver(const char* method, const Entry& entry, sd_bus_slot** slot) {
  const auto answered = [](sd_bus_message* message, void* context, sd_bus_error*) noexcept {
    const auto* error = sd_bus_message_get_error(message);
    auto* self = static_cast<Entry*>(context);
    self->trouble = error != nullptr ? bus::printable(error->message != nullptr ? error->message : error->name) : "";
    return 0;
  };
  const std::string rule = match_rule(entry.match);
  sd_bus_call_method_async(bus_, slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
                           slot != nullptr ? static_cast<sd_bus_message_handler_t>(answered) : nullptr,
                           const_cast<Entry*>(&entry), "s", rule.c_str());
}

void SignalWatch::receive(sd_bus_message* message) {
  for (const auto& [match, entry] : entries_) {
    if (signal_matches(message, match, owners_.owner(match.sender))) told_(match);
  }
  sd_bus_message_rewind(message, 1);
}

std::vector<std::string> SignalWatch::troubles() const {
  std::vector<std::string> all;
  for (const auto& [match, entry] : entries_) {
    if (!entry.trouble.empty()) all.push_back(fmt::format("signal {}: {}", match_rule(match), entry.trouble));
  }
  return all;
}

}  // namespace schedkit
