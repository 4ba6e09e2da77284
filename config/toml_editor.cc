#include "config/toml_editor.h"

#include <algorithm>

#include "config/toml_splice.h"
#include "config/toml_value.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

TomlPath parent_of(const TomlPath& path) { return {path.begin(), path.end() - 1}; }

// Sets the value in the tree, with the tables between. False when something that is no table is in the way.
bool put_at(Node& root, const TomlPath& path, const Node& value) {
  Node* node = &root;
  for (const auto& step : path) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      if (node->type != Node::Type::table) return false;
      if (node->find(*key) == nullptr) put(*node, *key, Node{});
    } else if (node->type == Node::Type::array && std::get<std::size_t>(step) == node->items.size()) {
      node->items.emplace_back();
    }
    node = find(*node, TomlPath{step});
    if (node == nullptr) return false;
  }
  *node = value;
  return true;
}

// Takes the last step of `path`, which exists, out of the tree.
void take_out(Node& root, const TomlPath& path) {
  Node& parent = *find(root, parent_of(path));
  if (const auto* key = std::get_if<std::string>(&path.back())) {
    std::erase_if(parent.members, [&](const Member& member) { return member.key == *key; });
  } else {
    parent.items.erase(parent.items.begin() + static_cast<std::ptrdiff_t>(std::get<std::size_t>(path.back())));
  }
}

// The outermost thing that would be empty without what is at `path`; `path` itself when there is none.
TomlPath outermost_emptied(const Node& root, TomlPath path) {
  while (path.size() > 1) {
    const auto parent = parent_of(path);
    const Node& node = *find(root, parent);
    if (node.members.size() + node.items.size() > 1 || std::holds_alternative<std::size_t>(parent.back())) break;
    path = parent;
  }
  return path;
}

}  // namespace

TomlEditor::TomlEditor(std::string text, std::string file, Node root)
    : text_(std::move(text)), file_(std::move(file)), root_(std::move(root)), statements_(lay_out(text_)) {}

Result<TomlEditor> TomlEditor::open(std::string text, std::string file) {
  auto root = parse_document(text, file);
  if (!root) return fail(std::move(root.error()));
  return TomlEditor(std::move(text), std::move(file), std::move(*root));
}

Result<void> TomlEditor::take(const std::vector<std::function<std::string()>>& attempts, const Node& intended,
                              const TomlPath& path) {
  for (const auto& attempt : attempts) {
    auto text = attempt();
    auto root = parse_document(text, file_);
    if (!root || !same_value(*root, intended)) continue;
    *this = TomlEditor(std::move(text), std::move(file_), std::move(*root));
    return {};
  }
  const auto place = place_of(path);
  return fail({Errc::unsupported,
               fmt::format("{} is written in a way that cannot be changed without touching the rest; change it by hand",
                           quote(show_path(path))),
               {file_, place.line, place.column}});
}

Result<void> TomlEditor::set(const TomlPath& path, const Node& value) {
  const Node* present = find(root_, path);
  if (present != nullptr && same_value(*present, value)) return {};
  Node intended = root_;
  if (path.empty() || !put_at(intended, path, value)) {
    return fail(Errc::invalid, "{}: there is no table for {}", file_, quote(show_path(path)));
  }
  const Laid laid{text_, statements_};
  if (find_value(laid, path) != nullptr) {
    return take({[&] { return replace_value(laid, path, write_value(value)); }}, intended, path);
  }
  if (present != nullptr) {  // a table of headers or dotted keys: all of it anew
    auto copy = *this;
    if (auto removed = copy.remove(path); !removed) return removed;
    if (auto done = copy.set(path, value); !done) return done;
    *this = std::move(copy);
    return {};
  }
  std::size_t depth = path.size() - 1;
  while (find(root_, TomlPath(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth))) == nullptr) --depth;
  return take(
      {[&] { return insert_entry(laid, path, depth, value); }, [&] { return insert_under_header(laid, path, value); }},
      intended, path);
}

Result<void> TomlEditor::remove(const TomlPath& path) {
  if (path.empty() || find(root_, path) == nullptr) {
    return fail(Errc::not_found, "{} has no {}", file_, quote(show_path(path)));
  }
  const auto whole = outermost_emptied(root_, path);
  Node intended = root_;
  take_out(intended, whole);
  return take({[&] { return remove_at({text_, statements_}, whole); }}, intended, path);
}

Result<void> TomlEditor::rename(const TomlPath& path, const std::string& name) {
  Node intended = root_;
  Node* parent = path.empty() ? nullptr : find(intended, parent_of(path));
  if (parent == nullptr || find(root_, path) == nullptr || !std::holds_alternative<std::string>(path.back())) {
    return fail(Errc::not_found, "{} has no {}", file_, quote(show_path(path)));
  }
  const auto& old = std::get<std::string>(path.back());
  if (old == name) return {};
  if (parent->find(name) != nullptr) {
    return fail(Errc::exists, "{} has a {} already", file_, quote(show_path(parent_of(path)) + "." + name));
  }
  std::ranges::find(parent->members, old, &Member::key)->key = name;
  return take({[&] { return rename_key({text_, statements_}, path, name); }}, intended, path);
}

Result<void> TomlEditor::add_table(const TomlPath& path, const Node& table) {
  if (path.empty()) return fail(Errc::invalid, "the root table is there already");
  if (find(root_, path) != nullptr) return fail(Errc::exists, "{} has a {} already", file_, quote(show_path(path)));
  Node intended = root_;
  const auto* index = std::get_if<std::size_t>(&path.back());
  if (index != nullptr && *index == 0 && find(root_, parent_of(path)) == nullptr) {
    put_at(intended, parent_of(path), [] {
      Node array;
      array.type = Node::Type::array;
      return array;
    }());
  }
  if (!put_at(intended, path, table)) {
    return fail(Errc::invalid, "{}: there is no place for {}", file_, quote(show_path(path)));
  }
  const Laid laid{text_, statements_};
  return take({[&] { return append_table(laid, path, table); },
               [&] { return index == nullptr ? "" : append_item(laid, parent_of(path), write_value(table)); },
               [&] { return index != nullptr ? "" : insert_entry(laid, path, path.size() - 1, table); }},
              intended, path);
}

std::string TomlEditor::lines_of(const TomlPath& path) const {
  const Laid laid{text_, statements_};
  std::string lines;
  for (const auto& span : blocks_of(laid, path)) lines += text_.substr(span.begin, span.end - span.begin);
  if (lines.empty()) {
    if (const auto* value = find_value(laid, path)) {
      lines = text_.substr(value->span.begin, value->span.end - value->span.begin) + "\n";
    }
  }
  return lines;
}

Place TomlEditor::place_of(const TomlPath& path) const {
  const Node* node = find(root_, path);
  return node != nullptr ? node->place : Place{};
}

}  // namespace schedkit
