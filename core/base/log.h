// The log: one line per message on standard error, with the journal's "<N>" priority when the journal reads it.
// Only the top of the program logs (main, callback entries, the controller); library code returns errors.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

namespace schedkit::log {

// Numbers are those of syslog(3).
enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// Messages above `level` are dropped. Default: info.
void set_level(Level level);
Level level();

// Replaces the destination (tests, ring buffers); an empty function restores standard error. Not thread-safe: call it
// before threads start. The text holds no newline.
using Sink = std::function<void(Level, std::string_view)>;
void set_sink(Sink sink);

// May be called from any thread; newlines and control bytes in `text` are shown escaped.
void write(Level level, std::string_view text);

template <class... Args>
void at(Level wanted, fmt::format_string<Args...> format, Args&&... args) {
  if (wanted <= level()) write(wanted, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  at(Level::error, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  at(Level::warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  at(Level::notice, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  at(Level::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  at(Level::debug, format, std::forward<Args>(args)...);
}

}  // namespace schedkit::log
