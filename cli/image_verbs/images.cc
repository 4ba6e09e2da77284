#include <CLI/CLI.hpp>
#include <memory>

#include "cli/image_verbs/image_verb.h"
#include "cli/image_verbs/local_images.h"
#include "cli/verbs/images_text.h"

namespace schedkit {
namespace {

struct Options {
  std::string output = "text";
  bool verify = false;
};

int verify(LocalImages& local, const Options& options) {
  std::optional<Result<std::vector<std::string>>> problems;
  local.images().verify([&](Result<std::vector<std::string>> found) { problems = std::move(found); });
  const auto found = local.wait(problems);
  return found ? report_problems(*found, options.output) : image_failed(found.error());
}

int images(const Options& options, const ImageSession& session) {
  auto local = LocalImages::open(session.root, session.state_dir);
  if (!local) return image_failed(local.error());
  if (options.verify) return verify(**local, options);
  std::optional<Result<std::vector<ImageStatus>>> images;
  (*local)->images().list([&](Result<std::vector<ImageStatus>> found) { images = std::move(found); });
  const auto found = (*local)->wait(images);
  return found ? report_images(*found, options.output) : image_failed(found.error());
}

}  // namespace

void add_local_images(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("images", "List the images in the store while no schedkitd runs");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_flag("--verify", options->verify, "Read everything and say what is damaged");
  verb->callback([&session, options] { session.action = [&session, options] { return images(*options, session); }; });
}

}  // namespace schedkit
