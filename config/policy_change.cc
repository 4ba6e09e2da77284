#include "config/policy_change.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "config/load.h"
#include "config/parse.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/toml_value.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

std::string PolicyItem::id() const { return fmt::format("{}/{}", base_name(file), name); }

PolicyFiles::PolicyFiles(const Directories& directories) : found_(find_files(directories)) {
  std::set<std::string> seen;
  for (const auto& file : found_.files) {
    if (seen.insert(file.name).second && file.name != settings_file_name) collect(file);
  }
}

void PolicyFiles::collect(const FoundFile& file) {
  const auto root = file.text ? parse_document(*file.text, file.path) : Result<Node>(fail(file.text.error()));
  if (!root) return;
  const auto* rules = root->find("rules");
  const auto* schedulers = root->find("schedulers");
  for (std::size_t i = 0; rules != nullptr && i < rules->value.items.size(); ++i) {
    const auto& rule = rules->value.items[i];
    const auto* name = rule.find("name");
    if (name == nullptr || name->value.type != Node::Type::string) continue;
    items_.push_back(
        {PolicyKind::rule, name->value.text, file.path, file.layer, {std::string("rules"), i}, rule.place, rule});
  }
  if (schedulers == nullptr || schedulers->value.type != Node::Type::table) return;
  for (const auto& [name, place, table] : schedulers->value.members) {
    items_.push_back(
        {PolicyKind::scheduler, name, file.path, file.layer, {std::string("schedulers"), name}, place, table});
  }
}

const FoundFile* PolicyFiles::find_file(const std::string& name) const {
  const auto found = std::ranges::find_if(found_.files, [&](const FoundFile& file) {
    return file.path == name || file.name == name || file.name == name + ".toml";
  });
  return found == found_.files.end() ? nullptr : &*found;
}

Result<PolicyItem> PolicyFiles::find(const std::string& name, std::optional<PolicyKind> kind) const {
  std::vector<const PolicyItem*> matching;
  std::vector<std::string_view> names;
  for (const auto& item : items_) {
    if (kind && item.kind != *kind) continue;
    names.push_back(item.name);
    if (item.name == name || item.id() == name) matching.push_back(&item);
  }
  const bool has_rule =
      std::ranges::any_of(matching, [](const PolicyItem* item) { return item->kind == PolicyKind::rule; });
  if (has_rule) std::erase_if(matching, [](const PolicyItem* item) { return item->kind != PolicyKind::rule; });
  const std::string_view what = !kind ? "rule or scheduler" : *kind == PolicyKind::rule ? "rule" : "scheduler";
  if (matching.empty()) {
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return fail(Errc::not_found, "no policy file has a {} {}{}", what, quote(name, 64), suggest(name, names));
  }
  // Schedulers of one name may be in several directories; the highest is the one that counts.
  if (matching.size() > 1 && matching[0]->kind == PolicyKind::rule) {
    std::vector<std::string> ids;
    for (const auto* item : matching) ids.push_back(item->id());
    return fail(Errc::exists, "several rules are called {}; name one of: {}", quote(name, 64), join(ids, ", "));
  }
  return *matching.front();
}

Result<void> check_owned(const FoundFile& file, const Directories& directories) {
  if (file.layer == PolicyLayer::admin) return {};
  const auto above = directories.admin + "/" + file.name;
  const std::string_view whose = file.layer == PolicyLayer::cluster   ? "is written for the Kubernetes cluster"
                                 : file.layer == PolicyLayer::runtime ? "is gone at the next boot"
                                                                      : "belongs to a package";
  return fail({Errc::denied,
               fmt::format("{}; a file {} takes its place: schedctl policy edit --copy {}", whose, above, file.name),
               {file.path, 0, 0}});
}

namespace {

// By their places: the text of an error may name what is defined elsewhere.
std::string place_of(const Error& error) {
  return fmt::format("{}:{}:{}", error.where.file, error.where.line, error.where.column);
}

std::set<std::string> error_places(const PolicyReport& report) {
  std::set<std::string> places;
  for (const auto& file : report.files) {
    for (const auto& error : file.errors) places.insert(place_of(error));
  }
  return places;
}

}  // namespace

Result<void> check_change(const FileChange& change, const FoundFiles& found, const Directories& directories,
                          std::string& warnings) {
  LastGood nothing;
  const auto before = error_places(load_found(found, directories, nothing).report);
  auto files = found;
  std::erase_if(files.files, [&](const FoundFile& file) { return file.path == change.path; });
  if (change.after) {
    files.files.push_back({change.layer, std::string(base_name(change.path)), change.path, *change.after});
  }
  std::string errors;
  const auto after = load_found(std::move(files), directories, nothing).report;
  for (const auto& file : after.files) {
    const bool ours = file.path == change.path;
    for (const auto& error : file.errors) {
      if (ours || before.count(place_of(error)) == 0) errors += error.describe() + "\n";
    }
    for (const auto& warning : file.warnings) {
      if (ours) warnings += "warning: " + warning.describe() + "\n";
    }
  }
  if (!errors.empty()) return fail(Errc::invalid, "{}", errors.substr(0, errors.size() - 1));
  return {};
}

Result<void> write_change(const FileChange& change, bool backup) {
  auto present = read_file(change.path, largest_policy_file + 1);
  const bool same =
      change.before ? present && *present == *change.before : !present && present.error().code == Errc::not_found;
  if (!same) {
    if (!present && present.error().code != Errc::not_found) return fail(std::move(present.error()));
    return fail(Errc::busy, "{} was changed meanwhile; nothing is written, try again", change.path);
  }
  const auto directory = change.path.substr(0, change.path.rfind('/'));
  if (::access(directory.c_str(), W_OK) != 0 && errno != ENOENT) {
    auto error = fail_errno(errno, "cannot write in " + directory).value();
    if (error.code == Errc::denied) error.text += "; try it as root";
    return fail(std::move(error));
  }
  if (backup && change.before) {
    if (auto copied = write_file_atomic(change.path + ".bak", *change.before, 0644); !copied) return copied;
  }
  if (!change.after) {
    if (::unlink(change.path.c_str()) != 0) return fail_errno(errno, "cannot remove " + change.path);
    return {};
  }
  if (change.before) return replace_file(change.path, *change.after);
  if (auto made = make_directories(directory); !made) return made;
  return write_file_atomic(change.path, *change.after, 0644);
}

}  // namespace schedkit
