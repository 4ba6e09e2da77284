// For tests of config/: texts without files, and a temporary tree of policy directories.
#pragma once

#include <stdlib.h>

#include <string>
#include <vector>

#include "config/directories.h"
#include "config/parse.h"
#include "core/base/file.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

namespace schedkit::test {

inline std::string lines_of(const std::vector<Error>& errors) {
  std::string lines;
  for (const auto& error : errors) lines += error.describe() + "\n";
  return lines;
}

inline ParsedText parse(std::string_view text, PolicyLayer layer = PolicyLayer::admin) {
  return parse_text(text, {"x.toml", "x.toml", layer});
}

inline void check_lines(const std::string& expected, const std::vector<Error>& errors) {
  STRCMP_EQUAL(expected.c_str(), lines_of(errors).c_str());
}

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Removed with everything in it at the end.
class Tree {
 public:
  Tree() {
    char path[] = "/tmp/schedkit-config-XXXXXX";
    root_ = ::mkdtemp(path);
    directories = Directories::under(root_);
    for (const auto& directory : directories.watched()) CHECK(make_directories(directory).has_value());
  }
  ~Tree() { (void)remove_tree(root_); }

  void write(PolicyLayer layer, const std::string& name, std::string_view text) const {
    CHECK(write_file_atomic(path(layer, name), text, 0644).has_value());
  }
  void remove(PolicyLayer layer, const std::string& name) const { CHECK(remove_tree(path(layer, name)).has_value()); }
  std::string path(PolicyLayer layer, const std::string& name) const { return directories.of(layer) + "/" + name; }
  const std::string& root() const { return root_; }

  Directories directories;

 private:
  std::string root_;
};

// A rule that uses a scheduler of its own file.
inline std::string complete_file(const std::string& scheduler, const std::string& rule, int priority = 100) {
  return fmt::format(
      "[schedulers.{0}]\nimage = \"oci:/images:{0}\"\n\n[[rules]]\nname = \"{1}\"\nuse = \"{0}\"\npriority = {2}\n"
      "when.process.comm = \"{1}\"\n",
      scheduler, rule, priority);
}

inline std::string using_file(const std::string& rule, const std::string& use) {
  return fmt::format("[[rules]]\nname = \"{}\"\nuse = \"{}\"\nwhen.process.comm = \"{}\"\n", rule, use, rule);
}

}  // namespace schedkit::test
