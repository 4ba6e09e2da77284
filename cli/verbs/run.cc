#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/verbs/catalog.h"
#include "cli/verbs/pull_options.h"
#include "cli/verbs/stay.h"
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
  PullFlags flags;
  bool attach = false;
};

// What the scheduler itself printed is usually the answer to why it failed.
void show_output(Client& client) {
  const auto status = fetch_status(client);
  if (!status || !status->last_failure) return;
  for (const auto& line : status->last_failure->output) complain("| " + line);
}

bool is_reference(const std::string& name) { return name.find_first_of("/:@") != std::string::npos; }

// The image, if what is to run names one by itself and is no policy's scheduler; a version is always one of an image.
Result<std::optional<std::string>> image_of(const Options& options) {
  const auto listed = from_catalog(options.scheduler);
  if (!options.version.empty()) {
    auto image = with_tag(listed.value_or(options.scheduler), options.version);
    return image ? Result<std::optional<std::string>>(std::move(*image)) : fail(std::move(image.error()));
  }
  if (is_reference(options.scheduler)) return options.scheduler;
  if (!options.flags.given()) return std::nullopt;
  if (listed) return listed;
  return fail(Errc::invalid,
              "{} is no image of the catalogue; for a policy's scheduler, `schedctl pull` its image with these flags",
              options.scheduler);
}

// Whoever says something about trust wants the registry asked now; else what the store has will do.
Result<void> run_image(Client& client, const std::string& image, const Options& options,
                       const Client::RunOptions& wish) {
  const PullOptions pull = options.flags.options();
  if (pull != PullOptions() && !image.starts_with("oci:")) {
    if (auto pulled = pull_image(client, image, pull); !pulled) return fail(std::move(pulled.error()));
  }
  return client.run(image, wish);
}

// An image, a policy's scheduler, or a name of the catalogue, in this order.
Result<void> start(Client& client, const Options& options, const Client::RunOptions& wish) {
  auto image = image_of(options);
  if (!image) return fail(std::move(image.error()));
  if (*image) return run_image(client, **image, options, wish);
  auto done = client.run(options.scheduler, wish);
  if (done || done.error().code != Errc::not_found) return done;
  const auto listed = from_catalog(options.scheduler);
  return listed ? run_image(client, *listed, options, wish) : done;
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
  std::size_t known = 0;
  if (options.attach) {
    const auto lines = client.logs("", false);
    if (!lines) return failed(client, lines.error());
    known = lines->size();
  }
  Client::RunOptions wish{.mode = options.mode, .args = {}, .until = options.until};
  if (!options.args.empty()) wish.args = options.args;
  if (const auto done = start(client, options, wish); !done) {
    const int code = failed(client, done.error());
    if (done.error().code == Errc::not_found) suggest_name(options.scheduler);
    if (done.error().code == Errc::failed || done.error().code == Errc::timeout) show_output(client);
    return code;
  }
  const int outcome = report_outcome(client);
  return options.attach && outcome == exit_done ? stay(client, known) : outcome;
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
  verb->add_flag("-a,--attach", options->attach, "Stay and show what it prints; Ctrl-C is `schedctl auto`");
  verb->add_option("--version", options->version, "Of an image: this tag of it")->type_name("TAG");
  options->flags.add_to(*verb);
  verb->add_option("args", options->args, "After `--`: arguments that replace the policy's")->type_name("-- ARGS");
  verb->footer(
      "Returns when the kernel has confirmed, or says why it did not come to that. With a flag or variable about trust "
      "the "
      "image is pulled first, as `schedctl pull` does.\n\nExamples:\n"
      "  schedctl run lavd --mode gaming\n  schedctl run --attach lavd\n  schedctl run "
      "ghcr.io/schedkit/scx_rusty:1.1.0 -- --slice-us 5000");
  on_daemon(*verb, session, [options](Client& client) { return run(client, *options); });
}

}  // namespace schedkit
