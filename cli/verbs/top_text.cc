#include "cli/verbs/top_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/bus/history_json.h"
#include "core/bus/status_text.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

struct Counted {
  std::string name;
  std::uint64_t total = 0;
  std::uint64_t gained = 0;  // since the sample before
};

std::uint64_t gain(std::uint64_t now, std::uint64_t before) { return now >= before ? now - before : now; }

std::vector<Counted> kernel_events(const TopSample& now, const TopSample& before) {
  const bool same = now.status.kernel.enable_seq == before.status.kernel.enable_seq;
  std::vector<Counted> counted;
  for (const auto& [name, total] : now.kernel_events) {
    const auto known = before.kernel_events.find(name);
    const bool compared = same && known != before.kernel_events.end();
    counted.push_back({name, total, compared ? gain(total, known->second) : 0});
  }
  return counted;
}

std::vector<Counted> trigger_events(const TopSample& now, const TopSample& before) {
  std::vector<Counted> counted;
  for (const auto& source : now.status.sources) {
    const auto known = std::ranges::find(before.status.sources, source.name, &SourceStatus::name);
    const bool compared = known != before.status.sources.end();
    counted.push_back({source.name, source.delivered, compared ? gain(source.delivered, known->delivered) : 0});
  }
  return counted;
}

std::string table(const char* title, const std::vector<Counted>& counted, Duration passed) {
  if (counted.empty()) return {};
  const double seconds = std::chrono::duration<double>(passed).count();
  std::string text = fmt::format("\n{:<28} {:>14} {:>12}\n", title, "total", "per second");
  for (const auto& one : counted) {
    const auto rate = seconds > 0 ? fmt::format("{:.0f}", static_cast<double>(one.gained) / seconds) : "-";
    text += fmt::format("  {:<26} {:>14} {:>12}\n", one.name, one.total, rate);
  }
  return text;
}

std::string gained_text(const std::vector<Counted>& counted) {
  std::string text;
  for (const auto& one : counted) {
    if (one.gained > 0) text += fmt::format(" {}+{}", one.name, one.gained);
  }
  return text;
}

std::string runs(const Status& status) {
  if (status.current) return status.current->name;
  return status.kernel.ops.empty() ? "kernel" : status.kernel.ops;
}

}  // namespace

std::string top_screen(const TopSample& now, const TopSample& before, bool colour) {
  std::string text = status_text(now.status, now.at, {.verbose = false, .colour = colour});
  if (!now.trouble.empty()) text += "  " + now.trouble + "\n";
  const auto passed = now.at - before.at;
  text += table("trigger events", trigger_events(now, before), passed);
  text += table("kernel events", kernel_events(now, before), passed);
  if (!now.history.empty()) text += "\nlast switches\n";
  for (const auto line : split(history_text(now.history), '\n')) {
    if (!line.empty()) text += fmt::format("  {}\n", line);
  }
  return text;
}

std::string fit(const std::string& picture, std::size_t rows, std::size_t columns) {
  std::string text;
  std::size_t row = 0, column = 0;
  for (std::size_t i = 0; i < picture.size() && row < rows; ++i) {
    const char c = picture[i];
    if (c == '\x1b') {
      const auto end = picture.find('m', i);
      if (end == std::string::npos) break;
      text += picture.substr(i, end - i + 1);
      i = end;
    } else if (c == '\n') {
      ++row;
      column = 0;
      text += c;
    } else if (column++ < columns) {
      text += c;
    }
  }
  return text;
}

std::string top_line(const TopSample& now, const TopSample& before) {
  std::string line =
      fmt::format("{}  {}  {}", format_time(now.wall, false), to_string(now.status.state), runs(now.status));
  if (!now.status.wanted.rule.empty()) line += fmt::format("  rule {}", now.status.wanted.rule);
  line += gained_text(trigger_events(now, before)) + gained_text(kernel_events(now, before));
  if (!now.trouble.empty()) line += "  " + now.trouble;
  return line + "\n";
}

}  // namespace schedkit
