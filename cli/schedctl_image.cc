// schedctl-image: packs a scheduler into an OCI image layout, and shows what a layout holds.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "core/base/text.h"
#include "core/image/layout.h"
#include "core/image/pack.h"
#include "core/image/runnable.h"

namespace schedkit {
namespace {

Result<std::int64_t> source_date() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr || *text == '\0') return 0;
  auto seconds = parse_unsigned(text);
  if (!seconds || *seconds > 0777'7777'7777) return fail(Errc::invalid, "SOURCE_DATE_EPOCH {} is no time", quote(text));
  return static_cast<std::int64_t>(*seconds);
}

Result<void> pack(PackRequest request, const std::vector<std::string>& labels) {
  auto created = source_date();
  if (!created) return fail(std::move(created.error()));
  request.created = *created;
  for (const std::string& label : labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(Errc::invalid, "the label {} must be KEY=VALUE", quote(label));
    request.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  auto digest = pack_image(request);
  if (!digest) return fail(std::move(digest.error()));
  fmt::print("oci:{}:{} {}\n", request.layout, request.tag, digest->to_string());
  return {};
}

void show(const std::string& name, const LoadedImage& image, const RunnableImage& runnable) {
  fmt::print("reference   {}\n", name);
  fmt::print("digest      {}\n", image.digest.to_string());
  fmt::print("platform    {}\n", image.config.platform.to_string());
  for (const Descriptor& layer : image.manifest.layers) {
    fmt::print("layer       {} {}\n", layer.digest.to_string(), format_size(layer.size));
  }
  auto list = [](const char* what, const std::vector<std::string>& values) {
    for (const std::string& value : values) fmt::print("{:<11} {}\n", what, quote(value, 4096));
  };
  list("entrypoint", runnable.entrypoint);
  list("argument", runnable.command);
  list("env", runnable.env);
  for (const auto& [key, value] : runnable.labels) fmt::print("label       {}={}\n", quote(key), quote(value, 4096));
}

Result<void> inspect(const std::string& text) {
  auto reference = parse_reference(text);
  if (!reference) return fail(std::move(reference.error()));
  if (reference->kind != Reference::Kind::layout) {
    return fail(Errc::unsupported, "{} is not a layout on this machine; write oci:/path:tag", quote(text));
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
  show(reference->to_string(), *image, *runnable);
  return {};
}

}  // namespace
}  // namespace schedkit

int main(int argc, char** argv) {
  CLI::App app("Makes and shows images of sched_ext schedulers in OCI image layouts.", "schedctl-image");
  app.set_version_flag("--version", SCHEDKIT_VERSION);
  app.require_subcommand(1);
  schedkit::PackRequest request;
  std::vector<std::string> labels;
  std::string reference;
  CLI::App* pack = app.add_subcommand("pack", "Add one static program to a layout as an image");
  pack->add_option("--binary", request.binary, "The statically linked program")->required();
  pack->add_option("--name", request.name, "Its name in the image; the entrypoint is /NAME")->required();
  pack->add_option("--layout", request.layout, "The layout's directory; made if it is missing")->required();
  pack->add_option("--tag", request.tag, "The image's tag; one that exists is replaced")->required();
  pack->add_option("--label", labels, "KEY=VALUE, may be repeated")->take_all()->allow_extra_args(false);
  pack->add_option("--arg", request.arguments, "A default argument, may be repeated; write --arg=--option")
      ->take_all()
      ->allow_extra_args(false);
  CLI::App* inspect = app.add_subcommand("inspect", "Show what a reference resolves to on this machine");
  inspect->add_option("reference", reference, "oci:/path/to/layout:tag")->required();
  CLI11_PARSE(app, argc, argv);
  auto done = pack->parsed() ? schedkit::pack(std::move(request), labels) : schedkit::inspect(reference);
  if (done) return 0;
  fmt::print(stderr, "schedctl-image: {}\n", done.error().describe());
  return 1;
}
