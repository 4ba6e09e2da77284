// A change of any text that is TOML gives a text with the values meant, or an error and the text as it was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/toml_editor.h"
#include "config/toml_value.h"

namespace {

using namespace schedkit;

void collect(const Node& node, const TomlPath& path, std::vector<TomlPath>& paths) {
  paths.push_back(path);
  const auto go_on = [&](TomlStep step, const Node& inner) {
    auto longer = path;
    longer.push_back(std::move(step));
    collect(inner, longer, paths);
  };
  for (const auto& member : node.members) go_on(member.key, member.value);
  for (std::size_t i = 0; i < node.items.size(); ++i) go_on(i, node.items[i]);
}

void check(const TomlEditor& before, const TomlEditor& after, const Result<void>& done) {
  const auto parsed = parse_document(after.text(), "x");
  if (!parsed || !same_value(*parsed, after.root())) std::abort();
  if (!done && before.text() != after.text()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto original = TomlEditor::open(text, "x");
  if (!original) return 0;
  std::vector<TomlPath> paths;
  collect(original->root(), {}, paths);
  const std::size_t stride = paths.size() / 16 + 1;  // of large inputs every so many places
  for (std::size_t i = 0; i < paths.size(); i += stride) {
    const auto& path = paths[i];
    for (int kind = 0; kind < 4; ++kind) {
      auto editor = *original;
      auto below = path;
      below.emplace_back("new key");
      check(*original, editor,
            kind == 0   ? editor.set(path, toml_texts({"a", "]"}))
            : kind == 1 ? editor.set(below, toml_integer(1))
            : kind == 2 ? editor.remove(path)
                        : editor.rename(path, "new name"));
    }
  }
  return 0;
}
