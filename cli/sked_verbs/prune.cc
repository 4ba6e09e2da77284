// sked prune: what sked wrote goes.
#include <memory>

#include "cli/sked_verbs/sked_verb.h"
#include "k8s/rendered_files.h"

namespace schedkit {
namespace {

struct PruneOptions {
  std::string directory = "/etc/schedkit/cluster";
  bool keep = false;
};

Result<void> prune(const std::string& directory, bool keep) {
  const RenderedFiles files(directory);
  auto own = files.list();
  if (!own) return fail(std::move(own.error()));
  for (const auto& [name, header] : *own) {
    if (keep && header.keep) continue;
    auto removed = files.remove(name);
    if (!removed) return fail(std::move(removed.error()));
    fmt::print("removed {}/{} ({})\n", directory, name, header.source.title());
  }
  return {};
}

}  // namespace

SkedVerb add_prune(CLI::App& app) {
  const auto options = std::make_shared<PruneOptions>();  // of the parser and of run()
  CLI::App* command = app.add_subcommand("prune", "Remove every policy file that sked wrote, and no other");
  command->add_option("-d,--directory", options->directory, "Where they are")->capture_default_str();
  command->add_flag("--respect-keep", options->keep, "Leave those of objects with deletionPolicy: Keep");
  command->footer("Examples:\n  sked prune\n  sked prune --respect-keep -d /etc/schedkit/cluster");
  return {command, [options] { return prune(options->directory, options->keep); }};
}

}  // namespace schedkit
