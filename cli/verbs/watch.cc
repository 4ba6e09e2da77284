#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <memory>

#include "cli/verbs/verb.h"
#include "core/base/unique_fd.h"
#include "core/bus/watch_text.h"

namespace schedkit {

namespace {

volatile std::sig_atomic_t interrupted = 0;

struct Options {
  std::string output = "text";
  std::string record;
};

// Command lines of everybody's processes are in it: it is its owner's alone.
Result<UniqueFd> open_recording(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return fail_errno(errno, "cannot record to " + path);
  return file;
}

bool write_all(const UniqueFd& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

int watch(Client& client, const Options& options) {
  UniqueFd recording;
  if (!options.record.empty()) {
    auto file = open_recording(options.record);
    if (!file) {
      complain(file.error().describe());
      return exit_failed;
    }
    recording = std::move(*file);
  }
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { interrupted = 1; });
  bool told = true;
  const auto watched = client.watch([&](const std::string& line) {
    if (line.empty()) return interrupted == 0;
    if (recording && !write_all(recording, line)) {
      complain("cannot write to " + options.record);
      told = false;
    }
    told = print(options.output == "json" ? line : watch_text(line)) && told;
    return told && interrupted == 0;
  });
  if (!watched) return failed(client, watched.error());
  return told ? exit_done : exit_failed;
}

}  // namespace

void add_watch(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("watch", "Show events, decisions and switches as they happen");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_option("--record", options->record, "Also write what `schedctl simulate` reads to this file (mode 0600)")
      ->type_name("FILE");
  verb->footer(
      "Until Ctrl-C. Values of environment variables are never shown.\n\nExamples:\n  schedctl watch\n"
      "  schedctl watch --record evening.jsonl\n  schedctl watch -o json | jq -c 'select(.event == \"decision\")'");
  on_daemon(*verb, session, [options](Client& client) { return watch(client, *options); });
}

}  // namespace schedkit
