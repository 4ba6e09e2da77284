#include <CLI/CLI.hpp>
#include <memory>

#include "cli/image_verbs/image_verb.h"
#include "cli/image_verbs/local_images.h"
#include "cli/verbs/images_text.h"
#include "cli/verbs/progress_bar.h"
#include "cli/verbs/pull_options.h"

namespace schedkit {
namespace {

struct Options {
  std::string image;
  std::string output = "text";
  PullFlags flags;
};

Result<RunnableImage> pull_into(LocalImages& local, const std::string& reference, const PullOptions& options) {
  ProgressBar bar;
  std::optional<Result<RunnableImage>> answer;
  const auto job =
      local.images().pull(reference, options,
                          {.on_progress = [&bar](const PullProgress& progress) { bar.show(progress); },
                           .on_done = [&answer](Result<RunnableImage> image) { answer = std::move(image); }});
  return local.wait(answer);
}

int pull(const Options& options, const ImageSession& session) {
  const auto named = find_named(options.image);
  if (!named) return image_failed(named.error());
  auto local = LocalImages::open(session.root, session.state_dir);
  if (!local) return image_failed(local.error());
  const auto image = pull_into(**local, named->reference.to_string(), options.flags.options());
  if (!image) return image_failed(image.error());
  return report_image(image->reference, image->digest, options.output);
}

}  // namespace

void add_local_pull(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("pull", "Fetch an image into the store while no schedkitd runs");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("image", options->image, "A name of the catalogue, or REGISTRY/REPOSITORY[:TAG][@DIGEST]")
      ->required()
      ->type_name("IMAGE");
  options->flags.add_to(*verb);
  add_output(*verb, options->output);
  verb->callback([&session, options] { session.action = [&session, options] { return pull(*options, session); }; });
}

}  // namespace schedkit
