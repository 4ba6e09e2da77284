#include "core/bus/history_json.h"

#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/bus/names.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

using Json = nlohmann::ordered_json;

double milliseconds(Duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000.0;
}

void add(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

void add(Json& object, const char* key, Duration duration) {
  if (duration > Duration::zero()) object[key] = milliseconds(duration);
}

Json entry_json(const HistoryEntry& entry) {
  Json object = {{"at", format_time(entry.at, true)}, {"event", to_string(entry.event)}};
  add(object, "from", entry.from);
  add(object, "to", entry.to);
  add(object, "cause", entry.cause);
  add(object, "text", entry.text);
  if (entry.strikes > 0) object["strikes"] = entry.strikes;
  if (entry.quarantined) object["quarantined"] = true;
  add(object, "prepare_ms", entry.prepare);
  add(object, "detach_ms", entry.detach);
  add(object, "attach_ms", entry.attach);
  add(object, "ran_ms", entry.ran);
  return object;
}

HistoryEvent event_of(const std::string& word) {
  for (int i = 0; i <= static_cast<int>(HistoryEvent::notice); ++i) {
    if (to_string(static_cast<HistoryEvent>(i)) == word) return static_cast<HistoryEvent>(i);
  }
  return HistoryEvent::notice;
}

Duration duration_of(const Json& object, const char* key) {
  const double number = object.value(key, 0.0);
  if (!(number >= 0.0 && number < 1e12)) return Duration{0};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(number));
}

Result<HistoryEntry> entry_of(const Json& object) {
  if (!object.is_object()) return fail(Errc::invalid, "not an object");
  try {
    HistoryEntry entry;
    entry.at = parse_time(object.value("at", "")).value_or(WallTime{});
    entry.event = event_of(object.value("event", ""));
    entry.from = object.value("from", "");
    entry.to = object.value("to", "");
    entry.cause = object.value("cause", "");
    entry.text = object.value("text", "");
    entry.strikes = object.value("strikes", 0);
    entry.quarantined = object.value("quarantined", false);
    entry.prepare = duration_of(object, "prepare_ms");
    entry.detach = duration_of(object, "detach_ms");
    entry.attach = duration_of(object, "attach_ms");
    entry.ran = duration_of(object, "ran_ms");
    return entry;
  } catch (const Json::exception& error) {
    return fail(Errc::invalid, "{}", error.what());
  }
}

std::string what(const HistoryEntry& entry) {
  if (!entry.from.empty() && !entry.to.empty()) return entry.from + " -> " + entry.to;
  return entry.from + entry.to;
}

std::string durations(const HistoryEntry& entry) {
  std::string text;
  const auto add_one = [&](const char* word, Duration duration) {
    if (duration <= Duration::zero()) return;
    text += fmt::format("{}{} {:.1f} ms", text.empty() ? "" : ", ", word, milliseconds(duration));
  };
  add_one("prepared in", entry.prepare);
  add_one("detached in", entry.detach);
  add_one("attached in", entry.attach);
  if (entry.ran > Duration::zero()) {
    text += fmt::format("{}ran {}", text.empty() ? "" : ", ", format_duration(entry.ran));
  }
  return text.empty() ? "" : " [" + text + "]";
}

}  // namespace

std::string history_line(const HistoryEntry& entry) {
  return entry_json(entry).dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<HistoryEntry> parse_history_line(std::string_view line) { return entry_of(Json::parse(line, nullptr, false)); }

std::string history_json(const std::vector<HistoryEntry>& entries) {
  Json list = Json::array();
  for (const auto& entry : entries) list.push_back(entry_json(entry));
  return list.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<HistoryEntry>> parse_history(std::string_view json) {
  const Json list = Json::parse(json, nullptr, false);
  if (!list.is_array()) return fail(Errc::invalid, "the daemon's history is no JSON array; is it of another version?");
  std::vector<HistoryEntry> entries;
  for (const auto& item : list) {
    if (auto entry = entry_of(item)) entries.push_back(std::move(*entry));
  }
  return entries;
}

std::string history_text(const std::vector<HistoryEntry>& entries) {
  std::string text;
  for (const auto& entry : entries) {
    std::string line = fmt::format("{}  {:<11} {}", format_time(entry.at, false), to_string(entry.event), what(entry));
    if (!entry.text.empty()) line += ": " + entry.text;
    if (!entry.cause.empty()) line += fmt::format(" ({})", entry.cause);
    if (entry.strikes > 0)
      line += fmt::format(", strike {}{}", entry.strikes, entry.quarantined ? ", quarantined" : "");
    text += bus::printable(line + durations(entry)) + "\n";
  }
  return text;
}

}  // namespace schedkit
