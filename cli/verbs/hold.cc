#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/end_asked.h"
#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

struct Options {
  std::string scheduler;
  std::string mode;
  std::string reason = "schedctl hold";
};

int hold(Client& client, const Options& options) {
  const auto end = end_asked_for();
  if (!end) return failed(client, end.error());
  const auto cookie =
      client.hold(options.scheduler, {.mode = options.mode, .reason = options.reason, .give_up = end->get()});
  if (!cookie) return failed(client, cookie.error());
  if (const int code = report_outcome(client); code != exit_done) return code;
  if (const auto waited = client.wait_for(end->get()); !waited) return failed(client, waited.error());
  return exit_done;  // the hold ends with the connection
}

}  // namespace

void add_hold(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("hold", "Hold a scheduler above the rules until ^C");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("scheduler", options->scheduler, "A policy's scheduler, or \"kernel\"")
      ->required()
      ->type_name("NAME");
  verb->add_option("-m,--mode", options->mode, "One of the scheduler's modes")->type_name("MODE");
  verb->add_option("--reason", options->reason, "What for, as status shows it")->type_name("TEXT");
  verb->footer(
      "A hold stands above the rules and below `schedctl run`; of several the newest counts. It ends with this "
      "command.\n\n"
      "Examples:\n  schedctl hold lavd --mode gaming\n  schedctl hold kernel --reason \"measuring without one\"");
  on_daemon(*verb, session, [options](Client& client) { return hold(client, *options); });
}

}  // namespace schedkit
