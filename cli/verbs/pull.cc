#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/catalog.h"
#include "cli/verbs/pull_options.h"
#include "cli/verbs/verb.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

struct Options {
  std::string image;
  PullFlags flags;
};

int pull(Client& client, const Options& options) {
  const std::string reference = from_catalog(options.image).value_or(options.image);
  const auto pulled = pull_image(client, reference, options.flags.options());
  if (!pulled) return failed(client, pulled.error());
  return print(fmt::format("{} {}\n", bus::printable(pulled->reference), bus::printable(pulled->digest))) ? exit_done
                                                                                                          : exit_failed;
}

}  // namespace

void add_pull(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("pull", "Fetch an image from its registry into the store");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("image", options->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or a name of the catalogue")
      ->required()
      ->type_name("IMAGE");
  options->flags.add_to(*verb);
  verb->footer(
      "Asks the registry what the tag means now, and whether somebody whom [trust] believes signed that. Layers that "
      "are "
      "here are not fetched again. Ctrl-C cancels and leaves nothing.\n\nExamples:\n"
      "  schedctl pull ghcr.io/schedkit/scx_lavd:1.0.19\n"
      "  schedctl pull --trust-policy ./policy.yaml registry.lan:5000/mine:test\n"
      "  schedctl pull --allow-unsigned registry.lan:5000/mine:test");
  on_daemon(*verb, session, [options](Client& client) { return pull(client, *options); });
}

}  // namespace schedkit
