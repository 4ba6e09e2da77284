// For tests of editing: the corpus of odd-looking files, paths of a tree, and texts compared by lines.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "config/toml_editor.h"
#include "config/toml_value.h"
#include "core/base/file.h"
#include "core/base/text.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

namespace schedkit::test {

struct Specimen {
  std::string name;
  std::string text;
};

inline std::vector<Specimen> corpus() {
  std::vector<Specimen> specimens;
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_ROOT "/tests/config/edit")) {
    const auto text = read_file(entry.path(), 1 << 20);
    CHECK(text.has_value());
    specimens.push_back({entry.path().filename(), *text});
  }
  std::ranges::sort(specimens, {}, &Specimen::name);
  return specimens;
}

inline TomlEditor open(const std::string& text, const std::string& name = "x.toml") {
  auto editor = TomlEditor::open(text, name);
  CHECK_TEXT(editor.has_value(), editor ? "" : editor.error().describe().c_str());
  return std::move(*editor);
}

// Every path of the tree, the root's left out.
inline void collect_paths(const Node& node, const TomlPath& path, std::vector<TomlPath>& paths) {
  const auto go_on = [&](TomlStep step, const Node& inner) {
    auto longer = path;
    longer.push_back(std::move(step));
    paths.push_back(longer);
    collect_paths(inner, longer, paths);
  };
  for (const auto& member : node.members) go_on(member.key, member.value);
  for (std::size_t i = 0; i < node.items.size(); ++i) go_on(i, node.items[i]);
}

inline std::vector<TomlPath> paths_of(const Node& root) {
  std::vector<TomlPath> paths;
  collect_paths(root, {}, paths);
  return paths;
}

inline TomlPath joined(TomlPath path, TomlStep step) {
  path.push_back(std::move(step));
  return path;
}

// The lines, with their ends.
inline std::vector<std::string> lines_of_text(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = end_of_line(text, at)) {
    lines.push_back(text.substr(at, end_of_line(text, at) - at));
  }
  return lines;
}

// What is left of both when the lines they begin and end with alike are taken away.
struct Difference {
  std::vector<std::string> before;
  std::vector<std::string> after;
};
inline Difference difference(const std::string& before, const std::string& after) {
  Difference rest{lines_of_text(before), lines_of_text(after)};
  while (!rest.before.empty() && !rest.after.empty() && rest.before.back() == rest.after.back()) {
    rest.before.pop_back();
    rest.after.pop_back();
  }
  std::size_t same = 0;
  while (same < std::min(rest.before.size(), rest.after.size()) && rest.before[same] == rest.after[same]) ++same;
  rest.before.erase(rest.before.begin(), rest.before.begin() + static_cast<std::ptrdiff_t>(same));
  rest.after.erase(rest.after.begin(), rest.after.begin() + static_cast<std::ptrdiff_t>(same));
  return rest;
}

inline std::string failure(const Specimen& specimen, const TomlPath& path, const std::string& after) {
  return fmt::format("{}: {}\n{}", specimen.name, show_path(path), after);
}

}  // namespace schedkit::test
