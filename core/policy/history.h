// What happened to the machine's scheduler, one entry for each transition: plain data, kept in history.jsonl.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace schedkit {

enum class HistoryEvent {
  switched,     // `to` is attached, as wanted
  rolled_back,  // `to` is attached in place of one that failed
  restarted,    // attached again after CPUs went on- or offline
  failed,       // `to` could not be prepared or attached; what ran before runs on
  lost,         // `from`, which was attached, ended or was thrown out
  superseded,   // `to` was no longer wanted before it was attached
  passed,       // `to` passed its probation
  foreign,      // somebody else attached a scheduler
  out_of_turn,  // one of ours attached without being let through
  stuck,        // the kernel does not let go of `from`
  standby,      // a scheduler could not be kept at the gate
  cleared,      // strikes were forgotten by command
  notice,       // `text` says it
};

std::string_view to_string(HistoryEvent event);

struct HistoryEntry {
  WallTime at{};
  HistoryEvent event = HistoryEvent::switched;
  std::string from = {};  // scheduler names; "kernel" for none; empty where it says nothing
  std::string to = {};
  std::string cause = {};  // what was asked for, and why
  std::string text = {};   // what went wrong, in one line
  int strikes = 0;         // held against the one that failed, after this
  bool quarantined = false;
  Duration prepare{0};  // decision until the candidate was at the gate
  Duration detach{0};   // beginning to detach the old one until the kernel said disabled
  Duration attach{0};   // opening the gate until the kernel said enabled
  Duration ran{0};      // how long the one that was lost had been attached

  bool operator==(const HistoryEntry&) const = default;
};

}  // namespace schedkit
