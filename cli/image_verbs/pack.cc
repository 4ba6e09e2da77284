#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "cli/image_verbs/image_verb.h"
#include "cli/verbs/images_text.h"
#include "core/base/text.h"
#include "core/image/pack.h"

namespace schedkit {
namespace {

struct Options {
  PackRequest request;
  std::vector<std::string> labels;
  std::string output = "text";
};

Result<std::int64_t> source_date() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr || *text == '\0') return 0;
  auto seconds = parse_unsigned(text);
  if (!seconds || *seconds > 0777'7777'7777) return fail(Errc::invalid, "SOURCE_DATE_EPOCH {} is no time", quote(text));
  return static_cast<std::int64_t>(*seconds);
}

Result<PackRequest> request_of(const Options& options) {
  PackRequest request = options.request;
  auto created = source_date();
  if (!created) return fail(std::move(created.error()));
  request.created = *created;
  if (request.name.empty()) request.name = base_name(request.binary);
  std::error_code ignored;
  request.layout = std::filesystem::absolute(request.layout, ignored).lexically_normal();
  for (const std::string& label : options.labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(Errc::invalid, "the label {} must be KEY=VALUE", quote(label));
    request.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return request;
}

int pack(const Options& options) {
  const auto request = request_of(options);
  if (!request) return image_failed(request.error());
  const auto digest = pack_image(*request);
  if (!digest) return image_failed(digest.error());
  return report_image(fmt::format("oci:{}:{}", request->layout, request->tag), digest->to_string(), options.output);
}

}  // namespace

void add_pack(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("pack", "Make an image of one static program, in a layout on this machine");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  PackRequest& request = options->request;
  verb->add_option("binary,--binary", request.binary, "The statically linked program")->required()->type_name("FILE");
  verb->add_option("--name", request.name, "Its name in the image, if not FILE's; the entrypoint is /NAME");
  verb->add_option("--layout", request.layout, "The layout's directory; made if it is missing")
      ->required()
      ->type_name("DIR");
  verb->add_option("--tag", request.tag, "The image's tag; one that exists is replaced")->required();
  verb->add_option("--label", options->labels, "KEY=VALUE, may be repeated")->take_all()->allow_extra_args(false);
  verb->add_option("--arg", request.arguments, "A default argument, may be repeated; write --arg=--option")
      ->take_all()
      ->allow_extra_args(false);
  add_output(*verb, options->output);
  verb->footer(
      "The same input gives the same bytes: times are $SOURCE_DATE_EPOCH, else 1970. Labels that schedkit shows: "
      "org.opencontainers.image.{title,description,version,source,…}; that it enforces: "
      "org.schedkit.scheduler.kernel.min-version.\n\nExamples:\n"
      "  schedctl pack ./scx_mine --layout ./layout --tag 1.0 --label org.opencontainers.image.version=1.0\n"
      "  schedctl push oci:$PWD/layout:1.0 registry.lan:5000/scx_mine:1.0");
  verb->callback([&session, options] { session.action = [options] { return pack(*options); }; });
}

}  // namespace schedkit
