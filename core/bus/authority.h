#pragma once

#include <functional>
#include <list>
#include <string>

#include "core/base/result.h"
#include "core/bus/message.h"

namespace schedkit {

// Whether the sender of a call on a message bus may have it done. Root may do everything, and the user the daemon runs
// as; everybody else what polkit (org.freedesktop.PolicyKit1) says about an action. Without polkit nobody else may do
// anything. Only asks; nothing blocks.
class Authority {
 public:
  static constexpr std::size_t most_checks = 256;
  static constexpr std::size_t most_checks_of_one = 16;

  struct Caller {
    std::string name;  // unique name on the bus
    std::string text;  // for people: ":1.42 (uid 1000)"
  };
  using Answer = std::function<void(Result<Caller>)>;

  explicit Authority(sd_bus* bus) : bus_(bus) {}
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // Answers once, later: Errc::denied when the caller may not, Errc::limit when too much is being asked. `interactive`
  // lets polkit ask for a password, for up to five minutes. Never answers after its end, which must come before that of
  // the bus.
  void check(sd_bus_message* call, const char* action, bool interactive, Answer answer);

 private:
  struct Check {
    Authority* all;
    Caller caller;
    const char* action;
    bool interactive;
    Answer answer;
    SlotPtr slot = {};
  };

  Result<void> room_for(const std::string& caller) const;
  void ask_user(Check& check);
  void ask_polkit(Check& check);
  void told_user(Check& check, sd_bus_message* reply);
  void told_polkit(Check& check, sd_bus_message* reply);
  void finish(Check& check, Result<void> result);

  sd_bus* bus_;
  std::list<Check> checks_;
};

}  // namespace schedkit
