#include <CLI/CLI.hpp>
#include <map>

#include "cli/verbs/policy.h"
#include "config/parse.h"
#include "config/toml_value.h"
#include "core/base/text.h"
#include "core/image/reference.h"

namespace schedkit {

namespace {

struct Options : PolicyOptions {
  std::string name;
};

// What each reference in the store means now.
using Digests = std::map<std::string, std::string>;

Result<Digests> digests_of(Client& client) {
  auto images = client.list_images();
  if (!images) return fail(std::move(images.error()));
  Digests digests;
  for (const auto& image : *images) {
    if (image.current) digests[image.reference] = image.digest;
  }
  return digests;
}

// NAME:TAG becomes NAME:TAG@DIGEST; what is a layout, or a digest alone, stays.
Result<std::string> pinned(const std::string& image, const Digests& digests) {
  auto reference = parse_policy_reference(image);
  if (!reference) return fail(std::move(reference.error()));
  if (reference->kind == Reference::Kind::layout || reference->tag.empty()) return image;
  reference->digest.reset();
  const auto tagged = reference->to_string();
  const auto found = digests.find(tagged);
  if (found == digests.end())
    return fail(Errc::not_found, "{0} is not in the store; `schedctl pull {0}` fetches it", tagged);
  return tagged + "@" + found->second;
}

// Where images are named: of one scheduler, or in the whole file.
std::vector<TomlPath> images_in(const Node& root, const std::optional<PolicyItem>& item) {
  std::vector<TomlPath> paths;
  const auto consider = [&](TomlPath table, const char* key) {
    table.emplace_back(std::string(key));
    const auto* node = find(root, table);
    if (node != nullptr && node->type == Node::Type::string && is_image_reference(node->text)) paths.push_back(table);
  };
  if (item) {
    consider(item->path, item->kind == PolicyKind::rule ? "use" : "image");
    return paths;
  }
  const auto* schedulers = root.find("schedulers");
  const auto* rules = root.find("rules");
  if (schedulers != nullptr) {
    for (const auto& scheduler : schedulers->value.members)
      consider({std::string("schedulers"), scheduler.key}, "image");
  }
  for (std::size_t i = 0; rules != nullptr && i < rules->value.items.size(); ++i)
    consider({std::string("rules"), i}, "use");
  return paths;
}

// A rule's name means the image of the scheduler that it uses.
Result<std::optional<PolicyItem>> find_item(const PolicyFiles& files, const std::string& name) {
  if (files.find_file(name) != nullptr && name.ends_with(".toml")) return std::optional<PolicyItem>();
  if (auto scheduler = files.find(name, PolicyKind::scheduler)) return std::optional(std::move(*scheduler));
  auto item = files.find(name);
  if (!item) return fail(std::move(item.error()));
  const auto* use = item->table.find("use");
  if (use == nullptr || use->value.type != Node::Type::string) return std::optional(std::move(*item));
  auto used = files.find(use->value.text, PolicyKind::scheduler);
  return std::optional(used ? std::move(*used) : std::move(*item));
}

int pin(Client& client, const Options& options) {
  const auto directories = options.directories();
  const PolicyFiles files(directories);
  const auto item = find_item(files, options.name);
  if (!item) return complain_of(item.error());
  auto file = open_for_change(files, *item ? (*item)->file : options.name, directories);
  if (!file) return complain_of(file.error());
  const auto digests = digests_of(client);
  if (!digests) return failed(client, digests.error());
  const auto paths = images_in(file->editor.root(), *item);
  if (paths.empty()) {
    complain(options.name + " names no image that could be pinned");
    return exit_failed;
  }
  for (const auto& path : paths) {
    const auto image = pinned(find(file->editor.root(), path)->text, *digests);
    if (!image) return complain_of(image.error());
    if (const auto done = file->editor.set(path, toml_text(*image)); !done) return complain_of(done.error());
  }
  file->change.after = file->editor.text();
  return commit(file->change, files.found(), options, options.name + " pinned");
}

}  // namespace

void add_pin(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("pin", "Write the digest that a tag means now behind it in a policy file");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("name", options->name, "A scheduler, a rule that uses it, or FILE.toml for all in it")
      ->required()
      ->type_name("NAME|FILE");
  add_write_options(*verb, *options);
  verb->footer(
      "The digest is that of the image in the store: what was pulled, verified, and runs. `oci:` images have none to "
      "write.\n\nExamples:\n  schedctl pin lavd\n  schedctl pin gaming.toml --dry-run");
  on_daemon(*verb, session, [options](Client& client) { return pin(client, *options); });
}

}  // namespace schedkit
