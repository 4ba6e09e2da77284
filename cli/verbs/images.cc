#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/image_program.h"
#include "cli/verbs/images_text.h"
#include "cli/verbs/verb.h"

namespace schedkit {

namespace {

struct Options {
  std::string output = "text";
  bool verify = false;
};

int images(Client& client, const Options& options) {
  if (options.verify) {
    const auto problems = client.verify_images();
    return problems ? report_problems(*problems, options.output) : failed(client, problems.error());
  }
  const auto images = client.list_images();
  return images ? report_images(*images, options.output) : failed(client, images.error());
}

int images_without_daemon(const Options& options) {
  std::vector<std::string> arguments = {"images", "--output", options.output};
  if (options.verify) arguments.emplace_back("--verify");
  return run_image_program(arguments);
}

}  // namespace

void add_images(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("images", "List the images in the store");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_flag("--verify", options->verify, "Read everything and say what is damaged; exit code 1 if anything is");
  verb->footer("Root needs no daemon for it.\n\nExamples:\n  schedctl images\n  schedctl images --verify");
  on_daemon_or_store(
      *verb, session, [options](Client& client) { return images(client, *options); },
      [options] { return images_without_daemon(*options); });
}

}  // namespace schedkit
