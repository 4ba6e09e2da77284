// What a rule's `when` and `unless` may ask for (processes: process.h): plain data, as policy files have it and as
// trigger sources are told what to watch. Two equal conditions are one to the engine and to the sources. They have an
// order only so that they can be found among others.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/process.h"

namespace schedkit {

// `cgroup`: a cgroup of the unified hierarchy whose path matches is populated, or (state "exists") is there.
struct CgroupCondition {
  // Any of these globs over "/a/b": `*` and `?` stay within a segment, `**` is zero or more whole segments.
  std::vector<std::string> paths;
  bool exists = false;

  auto operator<=>(const CgroupCondition&) const = default;
};

// `time`: now is inside the window [start, end) of a day in `zone`. The window belongs to the day on which it starts;
// with end <= start it crosses midnight. Without start and end it is the whole day.
struct TimeCondition {
  int start = 0;                  // minutes after midnight
  int end = 24 * 60;              // 24:00 is the end of the day
  std::uint8_t days = 0b1111111;  // bit 0 is Monday
  std::string zone;               // IANA name; empty: the machine's

  auto operator<=>(const TimeCondition&) const = default;
};

enum class BusKind { system };  // session buses are the session agent's, which turns what it hears into holds

// Which signals are meant. A sender that is a well-known name means its owner at that time. An empty text matches all.
struct SignalMatch {
  BusKind bus = BusKind::system;
  std::string sender;
  std::string path;
  std::string interface;
  std::string member;
  std::map<unsigned, std::string> args;  // by position: globs over string arguments

  auto operator<=>(const SignalMatch&) const = default;
};

// `dbus-signal`: holds from `signal` until `lasts` has passed (each one starts it anew) or until the signal `until`
// came.
struct SignalCondition {
  SignalMatch signal;
  std::optional<Duration> lasts;
  std::optional<SignalMatch> until;

  auto operator<=>(const SignalCondition&) const = default;
};

struct PropertyName {
  BusKind bus = BusKind::system;
  std::string name;  // bus name of its owner
  std::string path;
  std::string interface;
  std::string property;

  auto operator<=>(const PropertyName&) const = default;
};

// Of the D-Bus types b; y n q i u x t; d; s o g. Values of different kinds are never equal.
using PropertyValue = std::variant<bool, std::int64_t, double, std::string>;

// `dbus-property`: the property has one of these values. Not while nobody owns the name or it cannot be read.
struct PropertyCondition {
  PropertyName property;
  std::vector<PropertyValue> values;

  auto operator<=>(const PropertyCondition&) const = default;
};

enum class PowerSource { ac, battery };
enum class PowerProfile { performance, balanced, power_saver };

// `power`: source and profile, as far as given, are among these.
struct PowerCondition {
  std::vector<PowerSource> sources;
  std::vector<PowerProfile> profiles;

  auto operator<=>(const PowerCondition&) const = default;
};

enum class PressureResource { cpu, memory, io };

// `pressure`: a PSI trigger (Documentation/accounting/psi.rst) of that share of each window fired, until two windows
// pass without another.
struct PressureCondition {
  PressureResource resource = PressureResource::cpu;
  bool full = false;  // all tasks stalled; else some
  Duration stall{0};  // per window
  Duration window{std::chrono::seconds(2)};

  auto operator<=>(const PressureCondition&) const = default;
};

using Condition = std::variant<ProcessCondition, CgroupCondition, TimeCondition, SignalCondition, PropertyCondition,
                               PowerCondition, PressureCondition>;

// All must hold. Never empty.
using ConditionSet = std::vector<Condition>;

}  // namespace schedkit
