#include "core/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "core/base/log_fields.h"

namespace schedkit::log {

namespace {

std::atomic<Level> highest = Level::info;
Sink replacement;
Journal journal;

std::string printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      line += " | ";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
      line += '?';
    } else {
      line += c;
    }
  }
  return line;
}

// systemd sets JOURNAL_STREAM when standard error goes to the journal (systemd.exec(5)); sd-daemon(3) has the prefix.
bool journal_reads() { return std::getenv("JOURNAL_STREAM") != nullptr; }

}  // namespace

void set_level(Level level) { highest = level; }
Level level() { return highest; }
void set_sink(Sink sink) { replacement = std::move(sink); }

void set_journal(Journal taker) { journal = std::move(taker); }

void write(Level level, std::string_view text) { write(level, text, {}); }

void write(Level level, std::string_view text, const Fields& fields) {
  if (level > highest) return;
  std::string line = printable(text);
  if (replacement) {
    replacement(level, line);
    return;
  }
  if (journal && journal(level, line, fields)) return;
  static const bool prefix = journal_reads();
  if (prefix) line.insert(0, fmt::format("<{}>", static_cast<int>(level)));
  line += '\n';
  // A full or closed standard error must not stop the daemon, and there is nowhere to report it.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace schedkit::log
