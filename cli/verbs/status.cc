#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/kernel_truth.h"
#include "cli/verbs/verb.h"
#include "core/base/clock.h"
#include "core/bus/status_json.h"
#include "core/bus/status_text.h"
#include "core/bus/status_words.h"

namespace schedkit {

namespace {

struct Options {
  std::string output = "text";
  bool verbose = false;
};

bool show(const Status& status, const Options& options) {
  const Instant now = SystemClock().now();
  if (options.output == "json") return print(status_json(status, now));
  return print(status_text(status, now, {.verbose = options.verbose, .colour = wants_colour()}));
}

// The kernel does not need a daemon to be asked.
int show_kernel(const Options& options) {
  show(kernel_only_status(read_kernel_status(sched_ext_directory())), options);
  return exit_unreachable;
}

int status(const Session& session, const Options& options) {
  auto client = connect(session);
  if (!client) {
    const int code = unreachable(client.error());
    show_kernel(options);
    return code;
  }
  const auto json = client->status();
  if (!json) {
    const int code = failed(*client, json.error());
    return code == exit_unreachable ? show_kernel(options) : code;
  }
  const auto parsed = parse_status(*json, SystemClock().now());
  if (!parsed) return failed(*client, parsed.error());
  // JSON is passed on as it came, so that fields of a newer daemon are not lost.
  const bool shown = options.output == "json" ? print(*json) : show(*parsed, options);
  if (!shown) return exit_failed;
  return is_discrepancy(*parsed) ? exit_discrepancy : exit_done;
}

}  // namespace

void add_status(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("status", "Show what the kernel runs and why");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_flag("-v,--verbose", options->verbose, "Also show rules, policy files and the trigger sources");
  verb->footer(
      "Exit code 2: what is attached is not what is wanted.\n\nExamples:\n  schedctl status -v\n  schedctl status -o "
      "json | jq .state");
  verb->callback([&session, options] { session.action = [&session, options] { return status(session, *options); }; });
}

}  // namespace schedkit
