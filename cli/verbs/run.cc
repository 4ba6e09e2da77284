#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

struct Options {
  std::string scheduler;
  std::string mode;
  std::string until;
  std::vector<std::string> args;
};

// What the scheduler itself printed is usually the answer to why it failed.
void show_output(Client& client) {
  const auto status = fetch_status(client);
  if (!status || !status->last_failure) return;
  for (const auto& line : status->last_failure->output) complain("| " + line);
}

int run(Client& client, const Options& options) {
  Client::RunOptions wish{.mode = options.mode, .args = {}, .until = options.until};
  if (!options.args.empty()) wish.args = options.args;
  if (const auto done = client.run(options.scheduler, wish); !done) {
    const int code = failed(client, done.error());
    if (done.error().code == Errc::failed || done.error().code == Errc::timeout) show_output(client);
    return code;
  }
  return report_outcome(client);
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("run", "Run a scheduler until `schedctl auto`, whatever the rules say");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("scheduler", options->scheduler, "A policy's scheduler, an image reference, or \"kernel\"")
      ->required()
      ->type_name("NAME|REFERENCE");
  verb->add_option("-m,--mode", options->mode, "One of the scheduler's modes")->type_name("MODE");
  verb->add_option("--until", options->until, "How long: auto (until `schedctl auto`), boot, or a duration")
      ->type_name("auto|boot|DURATION");
  verb->add_option("args", options->args, "After `--`: arguments that replace the policy's")->type_name("-- ARGS");
  verb->footer(
      "Returns when the kernel has confirmed, or says why it did not come to that.\n\nExamples:\n"
      "  schedctl run lavd --mode gaming\n  schedctl run ghcr.io/schedkit/scx_rusty:1.1.0 -- --slice-us 5000");
  verb->callback([&session, options] {
    session.action = [&session, options] {
      return with_daemon(session, [&](Client& client) { return run(client, *options); });
    };
  });
}

}  // namespace schedkit
