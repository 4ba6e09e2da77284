#pragma once

#include "core/policy/status.h"

namespace schedkit {

// Every field set, foreign bytes in some of them.
inline Status example_status(Instant now) {
  const WallTime start{std::chrono::seconds(1795386022)};
  Status status;
  status.state = SystemState::preparing;
  status.kernel = {.supported = true, .state = "enabled", .ops = "lavd", .enable_seq = 3};
  status.current = RunStatus{.name = "lavd",
                             .id = "lavd-1",
                             .image = "ghcr.io/schedkit/scx_lavd:1.0.19",
                             .digest = "sha256:aa",
                             .mode = "gaming",
                             .args = {"--performance", "a b"},
                             .pid = 42,
                             .started = start,
                             .phase = "attached"};
  status.candidate = RunStatus{.name = "rusty",
                               .id = "rusty-2",
                               .image = "r",
                               .digest = "",
                               .mode = "",
                               .args = {},
                               .pid = 43,
                               .started = start,
                               .phase = "starting"};
  status.wanted.choice.scheduler.emplace();
  status.wanted.choice.scheduler->name = "rusty";
  status.wanted.choice.scheduler->image = "r";
  status.wanted.choice.scheduler->env = {{"TOKEN", "top-secret"}};
  status.wanted.cause = Cause::rule;
  status.wanted.rule = "gaming.toml/games";
  status.wanted.reason = "process \x1b[31mcs2\xff runs";
  status.wanted.losers = {{"base.toml/always", "lower priority"}};
  status.override_by = "schedctl (pid 7, uid 0)";
  status.override_until = start + std::chrono::hours(1);
  status.holds = {{3, "lavd", "gaming", ":1.42 (uid 1000)", "cs2 \x1b[0m"}};
  status.standbys = {{"fifo", "standby", "at the gate", "", 44},
                     {"vtime", "previous", "given up", "vtime exited with status 1 at the gate", 0}};
  status.probation_until = now + std::chrono::seconds(12);
  status.strikes = {{.key = {"sha256:bb", {"--slice", "a b"}, "7.2.13"},
                     .scheduler = "rusty",
                     .count = 3,
                     .quarantined = true,
                     .reason = "runnable task stall\x1b[0m",
                     .at = start}};
  status.last_switch = SwitchRecord{.from = "kernel",
                                    .to = "lavd",
                                    .cause = "rule",
                                    .at = start + std::chrono::milliseconds(5),
                                    .prepare = std::chrono::milliseconds(812),
                                    .detach = Duration(0),
                                    .attach = std::chrono::microseconds(41500)};
  status.last_failure = FailureRecord{
      .scheduler = "rusty", .text = "exited with status 3", .at = start, .output = {"libbpf: no", "bye\n"}};
  status.rules = {{"gaming.toml/games", "rusty", 200, RuleState::pending, now + std::chrono::seconds(5)},
                  {"base.toml/always", "lavd", 0, RuleState::active, {}}};
  PolicyFileStatus file;
  file.path = "/etc/schedkit/bad.toml";
  file.layer = "/etc/schedkit";
  file.state = PolicyFileState::rejected;
  file.sha256 = "cc";
  file.errors = {{Errc::invalid, "unknown key \"prio\"", {"/etc/schedkit/bad.toml", 3, 7}}};
  status.files = {file};
  status.problems = {{Errc::io, "cannot read /etc/schedkit/cluster", {}}};
  status.sources = {{"bpf", "BTF is there\nfilter is wide: rule x", 10, 2, 12}};
  return status;
}

}  // namespace schedkit
