#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

int stop(Client& client, const std::string& which) {
  if (!which.empty()) {
    const auto status = fetch_status(client);
    if (!status) return failed(client, status.error());
    if (!status->current || (status->current->name != which && status->current->id != which)) {
      complain(fmt::format("{} is not running; {} is", quote(which),
                           status->current ? quote(status->current->name) : "no scheduler of ours"));
      return exit_failed;
    }
  }
  if (const auto done = client.stop(); !done) return failed(client, done.error());
  return report_outcome(client);
}

}  // namespace

void add_stop(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("stop", "Detach the scheduler; the kernel's own stays until `schedctl auto`");
  auto which = std::make_shared<std::string>();  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_option("which", *which, "Only if this is what runs")->type_name("ID|NAME");
  verb->footer("Examples:\n  schedctl stop\n  schedctl stop lavd");
  on_daemon(*verb, session, [which](Client& client) { return stop(client, *which); });
}

}  // namespace schedkit
