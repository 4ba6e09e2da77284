#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

volatile std::sig_atomic_t interrupted = 0;

struct Options {
  std::string scheduler;
  std::string output = "text";
  bool follow = false;
};

// As JSON an object on each line, so that one can be read before the next comes.
std::string as_json(const OutputLine& line) {
  const nlohmann::ordered_json json{{"scheduler", line.scheduler}, {"text", line.text}};
  return json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

bool show(const std::vector<OutputLine>& lines, const std::string& output) {
  std::string text;
  for (const auto& line : lines) {
    if (output == "json") {
      text += as_json(line);
      continue;
    }
    text += fmt::format("[{}] {}\n", bus::printable(line.scheduler), bus::printable(line.text, 8192));
  }
  return text.empty() || print(text);
}

int logs(Client& client, const Options& options) {
  if (options.follow) {
    std::signal(SIGINT, [](int) { interrupted = 1; });
    bool printed = true;
    const auto done = client.follow_logs(options.scheduler, [&](const std::vector<OutputLine>& lines) {
      printed = show(lines, options.output);
      return printed && interrupted == 0;
    });
    if (!done) return failed(client, done.error());
    return printed ? exit_done : exit_failed;
  }
  const auto lines = client.logs(options.scheduler, false);
  if (!lines) return failed(client, lines.error());
  return show(*lines, options.output) ? exit_done : exit_failed;
}

}  // namespace

void add_logs(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("logs", "Show what schedulers printed lately");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("scheduler", options->scheduler, "Only of this one")->type_name("NAME");
  verb->add_flag("-f,--follow", options->follow, "Also what comes, until Ctrl-C");
  add_output(*verb, options->output);
  verb->footer(
      "The last 1000 lines since the daemon started; the journal has them all.\n\nExamples:\n  schedctl logs\n"
      "  schedctl logs -f lavd");
  on_daemon(*verb, session, [options](Client& client) { return logs(client, *options); });
}

}  // namespace schedkit
