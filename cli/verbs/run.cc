#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/catalog.h"
#include "cli/verbs/verb.h"
#include "config/policy_change.h"
#include "config/suggest.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

struct Options {
  std::string scheduler;
  std::string mode;
  std::string until;
  std::string version;
  std::vector<std::string> args;
};

// What the scheduler itself printed is usually the answer to why it failed.
void show_output(Client& client) {
  const auto status = fetch_status(client);
  if (!status || !status->last_failure) return;
  for (const auto& line : status->last_failure->output) complain("| " + line);
}

// What the catalogue calls so; none when it does not know the name, or the name is a reference.
std::optional<std::string> from_catalog(const std::string& name) {
  if (name.find_first_of("/:@") != std::string::npos) return std::nullopt;
  const auto catalog = load_catalog();
  if (!catalog) return std::nullopt;
  const auto found = catalog->find(name);
  return found == catalog->end() ? std::nullopt : std::optional(found->second);
}

// A policy's scheduler, else the catalogue's, else what it says. A version is one of an image.
Result<void> start(Client& client, const Options& options, const Client::RunOptions& wish) {
  if (!options.version.empty()) {
    auto image = with_tag(from_catalog(options.scheduler).value_or(options.scheduler), options.version);
    return image ? client.run(*image, wish) : Result<void>(fail(std::move(image.error())));
  }
  auto done = client.run(options.scheduler, wish);
  if (done || done.error().code != Errc::not_found) return done;
  const auto image = from_catalog(options.scheduler);
  return image ? client.run(*image, wish) : done;
}

// The nearest name of a policy's or the catalogue's scheduler.
void suggest_name(const std::string& name) {
  const PolicyFiles files(Directories{});
  std::vector<std::string> names;
  for (const auto& item : files.items()) {
    if (item.kind == PolicyKind::scheduler) names.push_back(item.name);
  }
  if (const auto catalog = load_catalog()) {
    for (const auto& [known, image] : *catalog) names.push_back(known);
  }
  const auto near = nearest(name, std::vector<std::string_view>(names.begin(), names.end()));
  if (!near.empty()) complain(fmt::format("did you mean {}?", quote(near, 64)));
}

int run(Client& client, const Options& options) {
  Client::RunOptions wish{.mode = options.mode, .args = {}, .until = options.until};
  if (!options.args.empty()) wish.args = options.args;
  if (const auto done = start(client, options, wish); !done) {
    const int code = failed(client, done.error());
    if (done.error().code == Errc::not_found) suggest_name(options.scheduler);
    if (done.error().code == Errc::failed || done.error().code == Errc::timeout) show_output(client);
    return code;
  }
  return report_outcome(client);
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("run", "Run a scheduler until `schedctl auto`, whatever the rules say");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("scheduler", options->scheduler,
                   "A policy's scheduler, a name of the catalogue, an image reference, or \"kernel\"")
      ->required()
      ->type_name("NAME|REFERENCE");
  verb->add_option("-m,--mode", options->mode, "One of the scheduler's modes")->type_name("MODE");
  verb->add_option("--until", options->until, "How long: auto (until `schedctl auto`), boot, or a duration")
      ->type_name("auto|boot|DURATION");
  verb->add_option("--version", options->version, "Of an image: this tag of it")->type_name("TAG");
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
