#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/image_verbs/blocking_registry.h"
#include "cli/image_verbs/image_verb.h"
#include "core/bus/names.h"

namespace schedkit {
namespace {

constexpr std::size_t most_tags = 10'000;

struct Options {
  std::string name;
  std::string output = "text";
  bool all = false;
};

// Beside versions: what cosign and the referrers fallback store under tags.
bool is_attachment(const std::string& tag) { return tag.starts_with("sha256-") || tag.starts_with("sha512-"); }

// 1.9 before 1.10.
bool earlier(const std::string& a, const std::string& b) {
  const int order = ::strverscmp(a.c_str(), b.c_str());
  return order < 0;
}

int versions(const Options& options, const std::string& root) {
  auto named = find_named(options.name);
  if (!named) return image_failed(named.error());
  auto registry = BlockingRegistry::open(root);
  if (!registry) return image_failed(registry.error());
  auto list = (*registry)->wait<TagList>(
      [&](auto done) { return (*registry)->client().list_tags(named->reference, most_tags, std::move(done)); });
  if (!list) return image_failed(list.error());
  if (!options.all) std::erase_if(list->tags, is_attachment);
  std::ranges::sort(list->tags, earlier);
  if (list->more) complain(fmt::format("there are more than the {} tags that were read", most_tags));
  std::string text;
  if (options.output == "json") {
    text = nlohmann::ordered_json(list->tags).dump(2, ' ', true) + "\n";
  } else {
    for (const std::string& tag : list->tags) text += bus::printable(tag) + "\n";
  }
  return print(text) ? exit_done : exit_failed;
}

}  // namespace

void add_versions(CLI::App& app, ImageSession& session) {
  auto* verb = app.add_subcommand("versions", "List the versions of a scheduler that its registry has");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("name", options->name, "A name of the catalogue, or REGISTRY/REPOSITORY")
      ->required()
      ->type_name("NAME|REFERENCE");
  add_output(*verb, options->output);
  verb->add_flag("-a,--all", options->all, "Also tags that hold signatures and the like");
  verb->footer("Examples:\n  schedctl versions scx_lavd\n  schedctl versions registry.lan:5000/mine -o json");
  verb->callback(
      [&session, options] { session.action = [&session, options] { return versions(*options, session.root); }; });
}

}  // namespace schedkit
