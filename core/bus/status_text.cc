#include "core/bus/status_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/bus/names.h"
#include "core/bus/status_words.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

using bus::printable;

class Lines {
 public:
  void first(std::string_view line) { text_ += fmt::format("{}\n", line); }
  // Left out when `value` is empty.
  void pair(std::string_view key, const std::string& value) {
    if (!value.empty()) text_ += fmt::format("  {}: {}\n", key, printable(value));
  }
  void head(std::string_view line) { text_ += fmt::format("{}\n", line); }
  void item(int depth, const std::string& line) { text_ += fmt::format("{:{}}{}\n", "", 2 * depth, printable(line)); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string time_of(WallTime time) { return time == WallTime{} ? "" : format_time(time, false); }

std::string first_line(const Status& status) {
  const std::string_view word = upstream_word(status);
  const std::string running = status.current ? printable(status.current->name) : "";
  if (word == "running" || word == "idle") {
    if (!status.discrepancy.empty()) {
      return fmt::format("discrepancy: {} runs, {} is wanted", word == "running" ? running : "no scheduler",
                         printable(status.wanted.choice.name()));
    }
    return word == "running" ? "scheduler running: " + running : "no scheduler running";
  }
  return fmt::format("discrepancy: {}", word);
}

std::string coloured(const std::string& line, const Status& status) {
  const char* code = is_discrepancy(status) ? "1;31" : upstream_word(status) == "running" ? "1;32" : "1";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, line);
}

std::string kernel_line(const KernelStatus& kernel) {
  if (!kernel.supported) return "sched_ext not supported";
  if (kernel.ops.empty()) return fmt::format("{}, no ops attached", kernel.state);
  return fmt::format("{}, ops={}", kernel.state, kernel.ops);
}

std::string foreign_line(const Status& status) {
  if (status.foreign_owner.empty()) return "";
  return "attached by somebody else: " + status.foreign_owner;
}

std::string candidate_line(const RunStatus& run) {
  std::string line = fmt::format("{}, {}", run.name, run.phase);
  if (run.pid > 0) line += fmt::format(", pid {}", run.pid);
  return line;
}

// Arguments as one would type them, those that need it in quotes.
std::string arguments(const std::vector<std::string>& args) {
  std::string line;
  for (const auto& arg : args) {
    const bool plain = !arg.empty() && arg.find_first_of(" \t\"'\\$") == std::string::npos;
    line += (line.empty() ? "" : " ") + (plain ? arg : quote(arg));
  }
  return line;
}

void add_run(Lines& lines, const RunStatus& run) {
  lines.pair("container", run.id);
  lines.pair("image", run.image);
  lines.pair("digest", run.digest);
  if (run.pid > 0) lines.pair("pid", std::to_string(run.pid));
  lines.pair("started", time_of(run.started));
}

void add_reason(Lines& lines, const Status& status) {
  lines.pair("wanted", status.wanted.choice.name());
  lines.pair("rule", status.wanted.rule);
  lines.pair("reason", status.wanted.reason);
  if (status.override_by) {
    const std::string until = status.override_until ? ", until " + time_of(*status.override_until) : "";
    lines.pair("override", fmt::format("by {}{}", *status.override_by, until));
  }
  for (auto hold = status.holds.rbegin(); hold != status.holds.rend(); ++hold) {
    lines.pair("hold", fmt::format("{} on {}{} by {}{}", hold->id, hold->scheduler,
                                   hold->mode.empty() ? "" : " in mode " + hold->mode, hold->by,
                                   hold->reason.empty() ? "" : ": " + hold->reason));
  }
}

void add_failure(Lines& lines, const FailureRecord& failure) {
  lines.pair("last failure", fmt::format("{}: {}: {}", time_of(failure.at), failure.scheduler, failure.text));
  for (const auto& line : failure.output) lines.item(2, "| " + line);
}

std::size_t faulty_files(const Status& status) {
  std::size_t faulty = 0;
  for (const auto& file : status.files) faulty += file.errors.empty() ? 0 : 1;
  return faulty;
}

void add_safety(Lines& lines, const Status& status, Instant now, bool verbose) {
  if (status.probation_until) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*status.probation_until - now);
    lines.pair("probation", fmt::format("{} left", format_duration(std::max<Duration>(left, Duration::zero()))));
  }
  for (const auto& standby : status.standbys) {
    lines.pair(standby.role,
               fmt::format("{}, {}{}{}", standby.name, standby.phase, standby.why.empty() ? "" : ": ", standby.why));
  }
  for (const auto& record : status.strikes) {
    if (!record.quarantined && !verbose) continue;
    lines.pair(record.quarantined ? "quarantined" : "strikes", strike_text(record));
  }
}

void add_rules(Lines& lines, const Status& status, Instant now) {
  lines.head("rules:");
  if (status.rules.empty()) lines.item(1, "none");
  for (const auto& rule : status.rules) {
    std::string line = fmt::format("{:<9} {:>4}  {} -> {}", to_string(rule.state), rule.priority, rule.rule, rule.use);
    if (rule.until) {
      line += fmt::format(" ({} {})", rule.state == RuleState::pending ? "active in" : "ends in",
                          format_duration(*rule.until - now));
    }
    lines.item(1, line);
  }
  if (status.wanted.losers.empty()) return;
  lines.head("lost:");
  for (const auto& loser : status.wanted.losers) lines.item(1, fmt::format("{}: {}", loser.rule, loser.reason));
}

void add_files(Lines& lines, const Status& status) {
  lines.head("policy files:");
  if (status.files.empty()) lines.item(1, "none");
  for (const auto& file : status.files) {
    const std::string hidden = file.hidden_by.empty() ? "" : ", hidden by " + file.hidden_by;
    lines.item(1, fmt::format("{:<9} {}{}", to_string(file.state), file.path, hidden));
    for (const auto& error : file.errors) lines.item(2, "error: " + error.describe());
    for (const auto& warning : file.warnings) lines.item(2, "warning: " + warning.describe());
  }
}

void add_sources(Lines& lines, const Status& status) {
  lines.head("trigger sources:");
  if (status.sources.empty()) lines.item(1, "none");
  for (const auto& source : status.sources) {
    lines.item(1, fmt::format("{}: {} delivered, {} lost, {} wake-ups", source.name, source.delivered, source.lost,
                              source.wakeups));
    for (const auto line : split(source.detail, '\n')) {
      if (!line.empty()) lines.item(2, std::string(line));
    }
  }
}

}  // namespace

std::string switch_text(const SwitchRecord& record) {
  const auto ms = [](Duration duration) {
    return std::chrono::duration_cast<std::chrono::duration<double, std::milli>>(duration).count();
  };
  std::string text = printable(fmt::format("{} -> {}: ", record.from, record.to));
  if (record.to != "kernel") text += fmt::format("prepared in {:.0f} ms, ", ms(record.prepare));
  if (record.to == "kernel") return text + fmt::format("detached in {:.1f} ms", ms(record.detach));
  if (record.from == "kernel") return text + fmt::format("attached in {:.1f} ms", ms(record.attach));
  return text + fmt::format("detached in {:.1f} ms, attached in {:.1f} ms", ms(record.detach), ms(record.attach));
}

std::string strike_text(const StrikeRecord& record) {
  const std::string args = arguments(record.key.args);
  return fmt::format("{}: {} strike{}, last {}: {} (kernel {}, {}{}{})", record.scheduler, record.count,
                     record.count == 1 ? "" : "s", time_of(record.at), record.reason, record.key.kernel,
                     record.key.digest, args.empty() ? "" : ", ", args);
}

std::string status_text(const Status& status, Instant now, StatusTextOptions options) {
  Lines lines;
  const std::string first = first_line(status);
  lines.first(options.colour ? coloured(first, status) : first);
  lines.pair("driver", "schedkit");
  if (status.current) add_run(lines, *status.current);
  lines.pair("kernel", kernel_line(status.kernel));
  lines.pair("detail", status.discrepancy.empty() ? foreign_line(status) : status.discrepancy);
  lines.pair("state", std::string(to_string(status.state)));
  if (status.current) {
    lines.pair("mode", status.current->mode);
    lines.pair("args", arguments(status.current->args));
  }
  add_reason(lines, status);
  if (status.candidate) lines.pair("candidate", candidate_line(*status.candidate));
  add_safety(lines, status, now, options.verbose);
  if (status.last_switch) {
    lines.pair("last switch", fmt::format("{}: {} ({})", time_of(status.last_switch->at),
                                          switch_text(*status.last_switch), status.last_switch->cause));
  }
  if (status.last_failure) add_failure(lines, *status.last_failure);
  for (const auto& problem : status.problems) lines.pair("problem", problem.describe());
  if (!options.verbose) {
    const std::size_t faulty = faulty_files(status);
    if (faulty > 0) lines.pair("policy files with errors", fmt::format("{} (shown by status -v)", faulty));
    return lines.take();
  }
  add_rules(lines, status, now);
  add_files(lines, status);
  add_sources(lines, status);
  return lines.take();
}

}  // namespace schedkit
