// Changes a TOML text and touches no byte but those that the change is about: comments, order, layout, line ends,
// dotted keys and inline tables stay as they are. Pure.
//
// Every change is made twice: to the text, and to the tree of values that it means. The text is parsed again and its
// values compared with that tree; when they differ (a layout that is not understood) the change is refused. So a change
// is made rightly or not at all.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/toml_layout.h"

namespace schedkit {

class TomlEditor {
 public:
  // `file` is for messages. Fails as parse_document() does.
  static Result<TomlEditor> open(std::string text, std::string file);

  const std::string& text() const { return text_; }
  const Node& root() const { return root_; }

  // Each changes everything it says or, with an error, nothing.

  // Replaces the value, or adds the key where its table is written (as a dotted key when that is how the table's others
  // are written); tables between it and the nearest existing one are made. Items of arrays are replaced, not added; one
  // that has a header, [[x]], is not replaced.
  Result<void> set(const TomlPath& path, const Node& value);

  // Also tables and arrays that are left empty by it. A table's own comment block, which touches its first line, goes
  // with it unless the file begins with it. Errc::not_found when there is nothing.
  Result<void> remove(const TomlPath& path);

  // The last step of `path` becomes `name`. Errc::exists when there is one of that name.
  Result<void> rename(const TomlPath& path, const std::string& name);

  // A table of its own at the end, under an empty line: [A.B] for a path of keys, [[A]] when the path ends in an index,
  // which must be the next one. Where the array or the table around it is written inline, so is the new one.
  Result<void> add_table(const TomlPath& path, const Node& table);

  // The lines of everything at `path` or below it, comments between them included.
  std::string lines_of(const TomlPath& path) const;
  // Where it begins; {0, 0} when there is nothing.
  Place place_of(const TomlPath& path) const;

 private:
  TomlEditor(std::string text, std::string file, Node root);

  // Takes the first of the texts that means `intended`.
  Result<void> take(const std::vector<std::function<std::string()>>& attempts, const Node& intended,
                    const TomlPath& path);

  std::string text_;
  std::string file_;
  Node root_;
  std::vector<Statement> statements_;
};

}  // namespace schedkit
