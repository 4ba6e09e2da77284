// schedctl policy diff
#include <CLI/CLI.hpp>

#include "cli/verbs/policy.h"
#include "config/last_good.h"
#include "config/schema.h"
#include "config/text_diff.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

struct Options : PolicyOptions {
  std::string file;
};

// Against the kept version that is in force while this one has errors, and against the one it hides.
std::string diff_of(const FoundFile& file, const PolicyFiles& files, const LastGood& last_good) {
  if (!file.text) return "";
  std::string text;
  if (const auto* kept = last_good.find({file.layer, file.name})) {
    text += unified_diff(kept->text, *file.text, file.path + " (in force)", file.path);
  }
  for (const auto& below : files.files()) {
    if (below.name != file.name || below.layer >= file.layer || !below.text) continue;
    text += unified_diff(*below.text, *file.text, below.path, file.path);
    break;
  }
  return text;
}

int diff(const Options& options) {
  const PolicyFiles files(options.directories());
  std::vector<Error> problems;
  const auto last_good = LastGood::open(options.directories().last_good, problems);
  std::string text;
  if (!options.file.empty() && files.find_file(options.file) == nullptr) {
    const auto given = read_file(options.file, largest_policy_file + 1);
    if (!given) return complain_of(given.error());
    const auto* present = files.find_file(std::string(base_name(options.file)));
    text = unified_diff(present != nullptr && present->text ? *present->text : "", *given,
                        present != nullptr ? present->path : "", options.file);
  } else {
    const auto* chosen = options.file.empty() ? nullptr : files.find_file(options.file);
    for (const auto& file : files.files()) {
      if (chosen == nullptr || chosen == &file) text += diff_of(file, files, last_good);
    }
  }
  for (const auto& problem : problems) complain(problem.describe());
  return print(text) ? exit_done : exit_failed;
}

}  // namespace

void add_policy_diff(CLI::App& policy, Session& session) {
  auto* verb = policy.add_subcommand("diff", "Show how files differ from what they hide, or from what is in force");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("file", options->file, "One file; one that lies elsewhere against that of its name")
      ->type_name("FILE");
  add_root_option(*verb, *options);
  verb->footer(
      "A file with errors does not count: its last good version is in force.\n\nExamples:\n  schedctl policy diff\n"
      "  schedctl policy diff ./gaming.toml");
  verb->callback([&session, options] { session.action = [options] { return diff(*options); }; });
}

}  // namespace schedkit
