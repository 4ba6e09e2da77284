#include <CLI/CLI.hpp>
#include <memory>

#include "cli/image_verbs/image_verb.h"
#include "core/base/text.h"
#include "core/image/layout.h"
#include "core/image/runnable.h"

namespace schedkit {
namespace {

std::string text_of(const std::string& name, const LoadedImage& image, const RunnableImage& runnable) {
  std::string text = fmt::format("reference   {}\ndigest      {}\nplatform    {}\n", name, image.digest.to_string(),
                                 image.config.platform.to_string());
  for (const Descriptor& layer : image.manifest.layers) {
    text += fmt::format("layer       {} {}\n", layer.digest.to_string(), format_size(layer.size));
  }
  const auto list = [&](const char* what, const std::vector<std::string>& values) {
    for (const std::string& value : values) text += fmt::format("{:<11} {}\n", what, quote(value, 4096));
  };
  list("entrypoint", runnable.entrypoint);
  list("argument", runnable.command);
  list("env", runnable.env);
  for (const auto& [key, value] : runnable.labels) {
    text += fmt::format("label       {}={}\n", quote(key), quote(value, 4096));
  }
  return text;
}

Result<std::string> inspect(const std::string& name) {
  auto reference = parse_reference(name);
  if (!reference) return fail(std::move(reference.error()));
  if (reference->kind != Reference::Kind::layout) {
    return fail(Errc::unsupported, "{} is not a layout on this machine; write oci:/path:tag", quote(name));
  }
  const ImageLimits limits;
  const Platform host = host_platform();
  auto layout = Layout::open(reference->path, limits);
  if (!layout) return fail(std::move(layout.error()));
  auto top = layout->find(*reference, host);
  if (!top) return fail(std::move(top.error()));
  auto image = load_image(*layout, *top, host, limits);
  if (!image) return fail(std::move(image.error()));
  auto runnable = make_runnable(image->config, image->manifest.annotations);
  if (!runnable) return fail(std::move(runnable.error()));
  return text_of(reference->to_string(), *image, *runnable);
}

}  // namespace

void add_inspect(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("inspect", "Show what a reference resolves to in a layout on this machine");
  auto name = std::make_shared<std::string>();  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_option("reference", *name, "oci:/path/to/layout:tag")->required()->type_name("LAYOUT");
  verb->callback([&session, name] {
    session.action = [name]() -> int {
      const auto text = inspect(*name);
      if (!text) return image_failed(text.error());
      return print(*text) ? exit_done : exit_failed;
    };
  });
}

}  // namespace schedkit
