#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/catalog.h"
#include "cli/verbs/image_program.h"
#include "cli/verbs/images_text.h"
#include "cli/verbs/pull_options.h"
#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

struct Options {
  std::string image;
  std::string output = "text";
  PullFlags flags;
};

int pull(Client& client, const Options& options) {
  const std::string reference = from_catalog(options.image).value_or(options.image);
  const auto pulled = pull_image(client, reference, options.flags.options());
  if (!pulled) return failed(client, pulled.error());
  return report_image(pulled->reference, pulled->digest, options.output);
}

int pull_without_daemon(const Options& options) {
  std::vector<std::string> arguments = {"pull", options.image, "--output", options.output};
  for (auto& flag : options.flags.arguments()) arguments.push_back(std::move(flag));
  return run_image_program(arguments);
}

}  // namespace

void add_pull(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("pull", "Fetch an image from its registry into the store");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("image", options->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or a name of the catalogue")
      ->required()
      ->type_name("IMAGE");
  options->flags.add_to(*verb);
  add_output(*verb, options->output);
  verb->footer(
      "Asks the registry what the tag means now, and whether somebody whom [trust] believes signed that. Layers that "
      "are here are not fetched again. Ctrl-C cancels and leaves nothing. Root needs no daemon for it.\n\nExamples:\n"
      "  schedctl pull ghcr.io/schedkit/scx_lavd:1.0.19\n"
      "  schedctl pull --trust-policy ./policy.yaml registry.lan:5000/mine:test\n"
      "  schedctl pull --allow-unsigned registry.lan:5000/mine:test");
  on_daemon_or_store(
      *verb, session, [options](Client& client) { return pull(client, *options); },
      [options] { return pull_without_daemon(*options); });
}

}  // namespace schedkit
