#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

struct Options {
  std::string output = "text";
  bool verify = false;
};

std::string date(std::int64_t seconds) {
  if (seconds == 0) return "-";
  const std::time_t time = seconds;
  std::tm fields{};
  ::gmtime_r(&time, &fields);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields);
  return text;
}

std::string as_text(const std::vector<ImageStatus>& images) {
  if (images.empty()) return "no images\n";
  std::size_t widest = 9;
  for (const auto& image : images) widest = std::max(widest, image.reference.size());
  std::string text =
      fmt::format("{:<{}}  {:<19}  {:>10}  {:>10}  PULLED\n", "REFERENCE", widest, "DIGEST", "BLOBS", "UNPACKED");
  for (const auto& image : images) {
    text += fmt::format("{:<{}}  {:<19}  {:>10}  {:>10}  {}{}\n", bus::printable(image.reference), widest,
                        bus::printable(image.digest).substr(0, 19), image.blobs > 0 ? format_size(image.blobs) : "-",
                        image.unpacked > 0 ? format_size(image.unpacked) : "-", date(image.pulled),
                        image.current ? "" : "  (former)");
  }
  return text;
}

std::string as_json(const std::vector<ImageStatus>& images) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& image : images) {
    json.push_back({{"reference", image.reference},
                    {"digest", image.digest},
                    {"current", image.current},
                    {"pulled", date(image.pulled)},
                    {"blob_bytes", image.blobs},
                    {"unpacked_bytes", image.unpacked}});
  }
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int verify(Client& client, const Options& options) {
  const auto problems = client.verify_images();
  if (!problems) return failed(client, problems.error());
  std::string text;
  if (options.output == "json") {
    text = nlohmann::json{{"problems", *problems}}.dump(2, ' ', true) + "\n";
  } else {
    for (const auto& problem : *problems) text += bus::printable(problem) + "\n";
    if (problems->empty()) text = "everything is as it should be\n";
  }
  if (!print(text)) return exit_failed;
  return problems->empty() ? exit_done : exit_failed;
}

int images(Client& client, const Options& options) {
  if (options.verify) return verify(client, options);
  const auto images = client.list_images();
  if (!images) return failed(client, images.error());
  return print(options.output == "json" ? as_json(*images) : as_text(*images)) ? exit_done : exit_failed;
}

}  // namespace

void add_images(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("images", "List the images in the store");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_flag("--verify", options->verify, "Read everything and say what is damaged; exit code 1 if anything is");
  verb->footer("Examples:\n  schedctl images\n  schedctl images --verify");
  on_daemon(*verb, session, [options](Client& client) { return images(client, *options); });
}

}  // namespace schedkit
