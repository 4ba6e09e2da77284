#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs/verb.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

struct Options {
  std::vector<std::string> references;
  std::string output = "text";
  bool all = false;
};

int report(const ImagesRemoved& removed, const Options& options) {
  if (options.output == "json") {
    const nlohmann::ordered_json json{{"images", removed.images}, {"freed_bytes", removed.freed}};
    return print(json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n") ? exit_done
                                                                                                   : exit_failed;
  }
  std::string text;
  for (const auto& image : removed.images) text += fmt::format("removed {}\n", bus::printable(image));
  text += fmt::format("{} freed\n", format_size(removed.freed));
  return print(text) ? exit_done : exit_failed;
}

// Those that can be removed are.
int remove(Client& client, const Options& options) {
  int code = exit_done;
  ImagesRemoved all;
  for (const auto& reference : options.references) {
    const auto removed = client.remove_image(reference);
    if (!removed) {
      code = failed(client, removed.error());
      continue;
    }
    all.images.insert(all.images.end(), removed->images.begin(), removed->images.end());
    all.freed += removed->freed;
  }
  if (all.images.empty() && code != exit_done) return code;
  const int printed = report(all, options);
  return code != exit_done ? code : printed;
}

int prune(Client& client, const Options& options) {
  const auto removed = client.prune_images(options.all);
  return removed ? report(*removed, options) : failed(client, removed.error());
}

}  // namespace

void add_rm(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("rm", "Remove images from the store, with their former versions");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("references", options->references, "As `schedctl images` shows them")
      ->required()
      ->type_name("REFERENCE");
  add_output(*verb, options->output);
  verb->footer(
      "What a policy names, what runs and what is needed to go back is not removed.\n\nExamples:\n"
      "  schedctl rm ghcr.io/schedkit/scx_lavd:1.0.18\n  schedctl rm ghcr.io/schedkit/scx_rusty@sha256:…");
  on_daemon(*verb, session, [options](Client& client) { return remove(client, *options); });
}

void add_prune(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("prune", "Remove images beyond what [store] keeps, and what nothing refers to");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  add_output(*verb, options->output);
  verb->add_flag("-a,--all", options->all, "Remove everything that no policy names and that does not run");
  verb->footer("Examples:\n  schedctl prune\n  schedctl prune --all");
  on_daemon(*verb, session, [options](Client& client) { return prune(client, *options); });
}

}  // namespace schedkit
