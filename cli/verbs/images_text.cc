#include "cli/verbs/images_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "core/base/text.h"
#include "core/base/wall_time.h"
#include "core/bus/names.h"
#include "core/bus/time_text.h"

namespace schedkit {

namespace {

std::string date(std::int64_t seconds) { return seconds == 0 ? "-" : format_time(wall_time(seconds), false); }

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

}  // namespace

int report_image(const std::string& name, const std::string& digest, const std::string& output) {
  const std::string text =
      output == "json" ? nlohmann::ordered_json{{"reference", name}, {"digest", digest}}.dump(2, ' ', true) + "\n"
                       : fmt::format("{} {}\n", bus::printable(name), bus::printable(digest));
  return print(text) ? exit_done : exit_failed;
}

int report_images(const std::vector<ImageStatus>& images, const std::string& output) {
  return print(output == "json" ? as_json(images) : as_text(images)) ? exit_done : exit_failed;
}

int report_problems(const std::vector<std::string>& problems, const std::string& output) {
  std::string text;
  if (output == "json") {
    text = nlohmann::json{{"problems", problems}}.dump(2, ' ', true) + "\n";
  } else {
    for (const auto& problem : problems) text += bus::printable(problem) + "\n";
    if (problems.empty()) text = "everything is as it should be\n";
  }
  return print(text) && problems.empty() ? exit_done : exit_failed;
}

}  // namespace schedkit
