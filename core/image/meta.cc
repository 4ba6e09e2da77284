#include "core/image/meta.h"

#include <utility>

#include "core/image/digest.h"
#include "core/image/json.h"

namespace schedkit {

std::string write_meta(const RunnableImage& image) {
  const Json json = {{"version", 1},
                     {"digest", image.digest},
                     {"entrypoint", image.entrypoint},
                     {"command", image.command},
                     {"env", image.env},
                     {"working-directory", image.working_directory},
                     {"stop-signal", image.stop_signal},
                     {"labels", image.labels}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RunnableImage> parse_meta(std::string_view text, std::size_t limit) {
  auto json = parse_json(text, limit);
  if (!json) return fail(with_context(std::move(json.error()), "meta.json"));
  JsonFields fields(*json, "meta.json");
  RunnableImage image;
  const std::uint64_t version = fields.required_unsigned("version");
  image.digest = fields.required_text("digest");
  image.entrypoint = fields.texts("entrypoint");
  image.command = fields.texts("command");
  image.env = fields.texts("env");
  image.working_directory = fields.required_text("working-directory");
  const std::uint64_t signal = fields.required_unsigned("stop-signal");
  image.labels = fields.text_map("labels");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (version != 1 || signal < 1 || signal > 64 || (image.entrypoint.empty() && image.command.empty())) {
    return fail(Errc::invalid, "meta.json is of another version or incomplete");
  }
  image.stop_signal = static_cast<int>(signal);
  return image;
}

}  // namespace schedkit
