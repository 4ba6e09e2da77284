#define SD_JOURNAL_SUPPRESS_LOCATION  // places in this file would tell nothing
#include "core/bus/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include <string>
#include <vector>

namespace schedkit {

bool is_journal(int descriptor, const char* journal_stream) {
  struct stat now {};
  if (journal_stream == nullptr || ::fstat(descriptor, &now) != 0) return false;
  return fmt::format("{}:{}", now.st_dev, now.st_ino) == journal_stream;
}

bool send_to_journal(log::Level level, std::string_view text, const log::Fields& fields) {
  std::vector<std::string> lines = {fmt::format("MESSAGE={}", text),
                                    fmt::format("PRIORITY={}", static_cast<int>(level))};
  for (const auto& [name, value] : fields) lines.push_back(fmt::format("{}={}", name, value));
  std::vector<iovec> parts;
  parts.reserve(lines.size());
  for (auto& line : lines) parts.push_back({line.data(), line.size()});
  return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace schedkit
