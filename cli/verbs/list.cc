#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/catalog.h"
#include "cli/verbs/image_program.h"
#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

struct Options {
  std::string output = "text";
  std::string from;
  bool refresh = false;
};

int list(const Options& options) {
  if (options.refresh) {
    std::vector<std::string> arguments = {"refresh-catalog", "-o", options.output};
    if (!options.from.empty()) arguments.insert(arguments.end(), {"--from", options.from});
    return run_image_program(arguments);
  }
  const auto catalog = load_catalog();
  if (!catalog) {
    complain(catalog.error().describe());
    return exit_failed;
  }
  return print(catalog_text(*catalog, options.output == "json")) ? exit_done : exit_failed;
}

}  // namespace

void add_list(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("list", "List the schedulers of the catalogue, one name per line");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  auto* refresh = verb->add_flag("--refresh", options->refresh, "Fetch the published catalogue first");
  verb->add_option("--from", options->from, "Fetch it from URL instead")->type_name("URL")->needs(refresh);
  verb->footer(
      "/etc/schedkit/catalog.json takes the place of what --refresh fetched (/var/lib/schedkit/catalog.json), and that "
      "of /usr/share/schedkit/catalog.json. When fetching fails the catalogue stays as it was.\n\nExamples:\n"
      "  schedctl list\n  schedctl list --refresh");
  verb->callback([&session, options] { session.action = [options] { return list(*options); }; });
}

}  // namespace schedkit
