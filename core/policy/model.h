// The policy as the engine sees it: plain data, complete and checked. config/ makes it from files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/condition.h"
#include "core/policy/lifetime.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

enum class Profile { strict, compat, privileged };  // container profiles, docs/images.md
enum class Handover { gate, stop_first };

std::string_view to_string(Profile profile);
std::string_view to_string(Handover handover);

// [schedulers.NAME]. Zero durations, sizes and counts mean "as the settings or the runtime say".
struct Scheduler {
  std::string name;
  std::string image;  // fully qualified reference, or oci:/path:tag
  std::vector<std::string> args;
  std::map<std::string, std::vector<std::string>> modes;
  std::map<std::string, std::string> env;
  bool standby = false;
  Profile profile = Profile::strict;
  Handover handover = Handover::gate;
  std::uint64_t memory = 0;  // bytes
  std::uint32_t pids = 0;
  std::vector<std::string> caps_add;
  std::vector<std::string> paths_rw;
  std::vector<std::string> devices;
  Duration load_timeout{0};
  Duration probation{0};
  Where where;

  bool operator==(const Scheduler& other) const;  // all but `where`: a moved line changes nothing
};

// A scheduler with the arguments it is to run with; without a scheduler it is the kernel's own.
struct Choice {
  std::optional<Scheduler> scheduler = {};
  std::string mode = {};
  std::vector<std::string> args = {};

  bool is_kernel() const { return !scheduler.has_value(); }
  // The scheduler's name, or "kernel".
  std::string name() const { return scheduler ? scheduler->name : "kernel"; }

  bool operator==(const Choice&) const = default;
};

// True when both mean the same running program: what is attached for one serves the other as well.
bool same_program(const Choice& a, const Choice& b);

// The arguments `scheduler` gets in `mode` ("" is no mode); nullopt when it does not define that mode.
std::optional<Choice> choose(const Scheduler& scheduler, const std::string& mode);

struct Rule {
  std::string file;  // name of its policy file without directory
  std::string name;
  Choice use;
  int priority = 100;
  Duration delay{0};
  Duration linger{std::chrono::seconds(5)};
  std::vector<ConditionSet> when;    // any of them; empty: always
  std::vector<ConditionSet> unless;  // any of them switches the rule off
  Where where;

  // "FILE/RULE": the rule's identity.
  std::string id() const { return file + "/" + name; }
};

// [guard] of the settings: docs/guard.md.
struct GuardSettings {
  bool enabled = true;
  Duration stall{std::chrono::seconds(1)};
  bool foreign = true;  // watch schedulers that somebody else attached, too

  bool operator==(const GuardSettings&) const = default;
};

// /etc/schedkit/schedkit.toml, design "Daemon settings".
struct Settings {
  std::string default_name = "kernel";
  bool replace_foreign = false;
  Duration load_timeout{std::chrono::seconds(60)};
  Duration attach_timeout{std::chrono::seconds(5)};
  Duration stop_timeout{std::chrono::seconds(5)};
  Duration dwell{std::chrono::seconds(2)};
  Lifetime override_until;                                   // of `schedctl run` and `stop`
  Lifetime loader_until{Lifetime::Kind::boot, Duration(0)};  // the same for clients of org.scx.Loader
  Duration probation{std::chrono::seconds(30)};
  int strikes = 3;
  Duration backoff_min{std::chrono::seconds(1)};
  Duration backoff_max{std::chrono::seconds(60)};
  double cpu_pressure = 0;  // share of time; 0: no limit
  unsigned standby_max = 2;
  std::uint64_t standby_memory = 1ULL << 30;
  std::string store_path = "/var/lib/schedkit";
  std::int64_t store_keep = 3;             // newest versions of each repository
  std::uint64_t store_limit = 2ull << 30;  // bytes
  Duration registry_refresh{std::chrono::hours(24)};
  unsigned registry_parallel = 6;  // layers fetched at once
  std::string runtime_path = "crun";
  std::string cgroup_manager = "auto";
  GuardSettings guard;
  TrustPolicy trust = shipped_trust_policy();
  std::string trust_file;  // policy.json or YAML that takes the place of `trust`; "" for none

  bool operator==(const Settings&) const = default;
};

// Everything in force at one time. Scheduler names are unique within a file only; rules carry theirs resolved.
struct Policy {
  Settings settings;
  Choice fallback;                    // settings.default_name resolved: runs when no rule holds
  std::vector<Scheduler> schedulers;  // what names given by hand (`schedctl run NAME`) mean, higher layers first
  std::vector<Rule> rules;

  // The first scheduler of that name; nullptr when there is none.
  const Scheduler* find(std::string_view name) const;
};

}  // namespace schedkit
