#include "cli/verbs/stay.h"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "core/bus/names.h"

namespace schedkit {

namespace {

volatile std::sig_atomic_t interrupted = 0;

bool is_attached(const Status& status, const std::string& run) {
  return status.current && status.current->id == run && !status.kernel.ops.empty();
}

bool show(const std::vector<OutputLine>& lines, const std::string& scheduler, std::size_t known) {
  std::string text;
  for (const auto& line : lines) {
    if (known > 0) {
      --known;
    } else if (line.scheduler == scheduler) {
      text += bus::printable(line.text, 8192) + "\n";
    }
  }
  return text.empty() || print(text);
}

// What took its place.
void tell_why(const Status& status, const std::string& scheduler) {
  if (status.last_failure && status.last_failure->scheduler == scheduler) return complain(status.last_failure->text);
  complain(fmt::format("{} is not attached any more; `schedctl history` tells why", scheduler));
}

}  // namespace

int stay(Client& client, std::size_t known) {
  auto status = fetch_status(client);
  if (!status) return failed(client, status.error());
  if (!status->current) {
    complain("it is not attached any more; `schedctl history` tells why");
    return exit_failed;
  }
  const RunStatus run = *status->current;
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { interrupted = 1; });
  bool printed = true;
  bool there = true;
  const auto followed = client.follow_logs("", [&](const std::vector<OutputLine>& lines) {
    printed = show(lines, run.name, std::exchange(known, 0));
    if (lines.empty()) {
      status = fetch_status(client);
      there = status && is_attached(*status, run.id);
    }
    return printed && there && interrupted == 0;
  });
  if (!followed) return failed(client, followed.error());
  if (!status) return failed(client, status.error());
  if (!there) {
    tell_why(*status, run.name);
    return exit_failed;
  }
  if (const auto back = client.go_automatic(); !back) return failed(client, back.error());
  return printed ? exit_done : exit_failed;
}

}  // namespace schedkit
