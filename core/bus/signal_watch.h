#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/bus/message.h"
#include "core/bus/name_owners.h"
#include "core/policy/condition.h"

namespace schedkit {

// The match rule (D-Bus Specification, "Match Rules") that lets through what `match` means and as little else as can
// be said there: globs, and values that it could not quote, are left to signal_matches().
std::string match_rule(const SignalMatch& match);

// Whether the signal is one that `match` means; `owner` is who owns match.sender now.
bool signal_matches(sd_bus_message* message, const SignalMatch& match, const std::string& owner);

// Listens to signals.
class SignalWatch {
 public:
  using Told = std::function<void(const SignalMatch&)>;
  SignalWatch(const NameOwners& owners, Told told) : owners_(owners), told_(std::move(told)) {}

  // Replaces the matches, whose senders `owners` must follow from then on.
  void follow(const std::set<SignalMatch>& matches);
  void up(sd_bus* bus);
  void down();

  // Matches that the bus refuses, and why.
  std::vector<std::string> troubles() const;

 private:
  struct Entry {
    SignalMatch match;
    std::string trouble = {};
    SlotPtr query = {};
  };

  void ask(Entry& entry);
  void call_driver(const char* method, const Entry& entry, sd_bus_slot** slot);
  void receive(sd_bus_message* message);

  const NameOwners& owners_;
  Told told_;
  sd_bus* bus_ = nullptr;
  std::map<SignalMatch, Entry> entries_;
  SlotPtr filter_;
};

}  // namespace schedkit
