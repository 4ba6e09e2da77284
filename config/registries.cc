#include "config/registries.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "config/document.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr std::size_t most_text = 1u << 20;

// The members of one table that we know; the first wrong one is kept.
class Members {
 public:
  Members(const Node& table, const std::string& file) : table_(table), file_(file) {}

  void read(std::string_view key, std::string& out) {
    if (const Node* value = find(key, Node::Type::string)) out = value->text;
  }
  void read(std::string_view key, bool& out) {
    if (const Node* value = find(key, Node::Type::boolean)) out = value->boolean;
  }
  const Node* list(std::string_view key) { return find(key, Node::Type::array); }
  Where where() const { return {file_, table_.place.line, table_.place.column}; }
  void refuse(std::string text) {
    if (!error_) error_ = Error{Errc::invalid, std::move(text), where()};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const Node* find(std::string_view key, Node::Type type) {
    const Member* member = table_.find(key);
    if (member == nullptr) return nullptr;
    if (member->value.type == type) return &member->value;
    if (!error_) {
      error_ = Error{Errc::invalid,
                     fmt::format("{} must be {}, not {}", key, describe(type), describe(member->value.type)),
                     {file_, member->value.place.line, member->value.place.column}};
    }
    return nullptr;
  }

  const Node& table_;
  const std::string& file_;
  std::optional<Error> error_;
};

// As the specification writes them: no scheme, no trailing slash.
bool is_location(std::string_view text) {
  return !text.empty() && text.find("://") == std::string_view::npos && !text.ends_with('/') &&
         !text.starts_with('/') && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<RegistryMirror> parse_mirror(const Node& table, const std::string& file, bool by_digest_only) {
  Members members(table, file);
  RegistryMirror mirror;
  std::string use;
  members.read("location", mirror.location);
  members.read("insecure", mirror.insecure);
  members.read("pull-from-mirror", use);
  if (!is_location(mirror.location)) members.refuse("a mirror needs a location: host[:port][/path]");
  if (use == "digest-only" || (use.empty() && by_digest_only)) {
    mirror.use = RegistryMirror::Use::digest_only;
  } else if (use == "tag-only") {
    mirror.use = RegistryMirror::Use::tag_only;
  } else if (!use.empty() && use != "all") {
    members.refuse(fmt::format("pull-from-mirror must be all, digest-only or tag-only, not {}", quote(use)));
  }
  if (use != "" && by_digest_only) members.refuse("pull-from-mirror cannot be set beside mirror-by-digest-only");
  if (members.error()) return fail(*members.error());
  return mirror;
}

Result<RegistryRule> parse_rule(const Node& table, const std::string& file) {
  Members members(table, file);
  RegistryRule rule;
  rule.where = members.where();
  bool by_digest_only = false;
  members.read("prefix", rule.prefix);
  members.read("location", rule.location);
  members.read("insecure", rule.insecure);
  members.read("blocked", rule.blocked);
  members.read("mirror-by-digest-only", by_digest_only);
  if (rule.prefix.empty()) rule.prefix = rule.location;
  const bool wildcard = rule.prefix.starts_with("*.");
  if (rule.location.empty() && !wildcard) rule.location = rule.prefix;
  if (!is_location(rule.prefix)) members.refuse("a registry needs a prefix or a location: host[:port][/path]");
  if (!rule.location.empty() && !is_location(rule.location)) members.refuse("location must be host[:port][/path]");
  if (wildcard && rule.prefix.find('/') != std::string::npos) members.refuse("a prefix with \"*.\" names hosts only");
  const Node* mirrors = members.list("mirror");
  if (members.error()) return fail(*members.error());
  if (mirrors == nullptr) return rule;
  for (const Node& item : mirrors->items) {
    auto mirror = parse_mirror(item, file, by_digest_only);
    if (!mirror) return fail(std::move(mirror.error()));
    rule.mirrors.push_back(std::move(*mirror));
  }
  return rule;
}

Result<std::vector<std::string>> drop_ins(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    if (errno == ENOENT) return names;
    return fail_errno(errno, "cannot list " + directory);
  }
  while (const dirent* entry = ::readdir(open.get())) {
    if (std::string_view(entry->d_name).ends_with(".conf")) names.emplace_back(directory + "/" + entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<std::vector<RegistryRule>> parse_registries(std::string_view text, const std::string& file) {
  auto root = parse_document(text, file);
  if (!root) return fail(std::move(root.error()));
  if (const Member* old = root->find("registries"); old != nullptr && old->value.type == Node::Type::table) {
    return fail({Errc::unsupported,
                 "this is version 1 of registries.conf; write [[registry]] tables",
                 {file, old->place.line, old->place.column}});
  }
  Members members(*root, file);
  const Node* tables = members.list("registry");
  if (members.error()) return fail(*members.error());
  std::vector<RegistryRule> rules;
  if (tables == nullptr) return rules;
  for (const Node& table : tables->items) {
    auto rule = parse_rule(table, file);
    if (!rule) return fail(std::move(rule.error()));
    if (std::ranges::count(rules, rule->prefix, &RegistryRule::prefix) > 0) {
      return fail(
          {Errc::invalid, fmt::format("the prefix {} has two [[registry]] tables", quote(rule->prefix)), rule->where});
    }
    rules.push_back(std::move(*rule));
  }
  return rules;
}

Result<std::vector<RegistryRule>> load_registries(const std::string& main, const std::string& directory) {
  auto files = drop_ins(directory);
  if (!files) return fail(std::move(files.error()));
  files->insert(files->begin(), main);
  std::vector<RegistryRule> rules;
  for (const auto& file : *files) {
    auto text = read_file(file, most_text);
    if (!text && text.error().code == Errc::not_found) continue;
    if (!text) return fail(std::move(text.error()));
    auto more = parse_registries(*text, file);
    if (!more) return more;
    for (auto& rule : *more) {
      std::erase_if(rules, [&](const RegistryRule& earlier) { return earlier.prefix == rule.prefix; });
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

}  // namespace schedkit
