#include <CLI/CLI.hpp>
#include <memory>

#include "cli/verbs/verb.h"
#include "core/base/text.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

int report(Client& client, const Result<ImagesRemoved>& removed) {
  if (!removed) return failed(client, removed.error());
  std::string text;
  for (const auto& image : removed->images) text += fmt::format("removed {}\n", bus::printable(image));
  text += fmt::format("{} freed\n", format_size(removed->freed));
  return print(text) ? exit_done : exit_failed;
}

int remove(Client& client, const std::vector<std::string>& references) {
  int code = exit_done;
  for (const auto& reference : references) {
    if (const int one = report(client, client.remove_image(reference)); one != exit_done) code = one;
  }
  return code;
}

}  // namespace

void add_rm(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("rm", "Remove images from the store, with their former versions");
  auto references = std::make_shared<std::vector<std::string>>();  // CLI11 keeps a reference to it
  verb->add_option("references", *references, "As `schedctl images` shows them")->required()->type_name("REFERENCE");
  verb->footer(
      "What a policy names, what runs and what is needed to go back is not removed.\n\nExamples:\n"
      "  schedctl rm ghcr.io/schedkit/scx_lavd:1.0.18\n  schedctl rm ghcr.io/schedkit/scx_rusty@sha256:…");
  verb->callback([&session, references] {
    session.action = [&session, references] {
      return with_daemon(session, [&](Client& client) { return remove(client, *references); });
    };
  });
}

void add_prune(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("prune", "Remove images beyond what [store] keeps, and what nothing refers to");
  auto all = std::make_shared<bool>(false);  // CLI11 keeps a reference to it as long as the callback lives
  verb->add_flag("-a,--all", *all, "Remove everything that no policy names and that does not run");
  verb->footer("Examples:\n  schedctl prune\n  schedctl prune --all");
  verb->callback([&session, all] {
    session.action = [&session, all] {
      return with_daemon(session, [&](Client& client) { return report(client, client.prune_images(*all)); });
    };
  });
}

}  // namespace schedkit
