// Every kind of change at every place of every file of tests/config/edit: the values are those meant, and no line
// differs but those that the change is about. The values are compared here anew, not by the editor's own check.
#include <cstdlib>
#include <random>

#include "tests/config/edit_helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

void check_same(const Node& expected, const std::string& text, const std::string& message) {
  const auto parsed = parse_document(text, "x.toml");
  CHECK_TEXT(parsed.has_value(), message.c_str());
  CHECK_TEXT(same_value(expected, *parsed), message.c_str());
}

Node other_value(const Node& node) {
  switch (node.type) {
    case Node::Type::integer: return toml_integer(node.integer + 1);
    case Node::Type::boolean: return toml_flag(!node.boolean);
    default: return toml_text("new = [ # \" ' \\");
  }
}

bool scalar(const Node& node) { return node.type != Node::Type::table && node.type != Node::Type::array; }

// The lines of `part` are among those of `whole`, in that order.
bool part_of(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  std::size_t at = 0;
  for (const auto& line : whole) {
    if (at < part.size() && part[at] == line) ++at;
  }
  return at == part.size();
}

}  // namespace

TEST_GROUP(EditCorpus){};

TEST(EditCorpus, there_are_enough_files) { CHECK(corpus().size() >= 40); }

TEST(EditCorpus, a_scalar_set_changes_its_bytes_only) {
  for (const auto& specimen : corpus()) {
    const auto original = open(specimen.text);
    for (const auto& path : paths_of(original.root())) {
      const Node& node = *find(original.root(), path);
      if (!scalar(node)) continue;
      auto editor = original;
      const auto value = other_value(node);
      CHECK_TEXT(editor.set(path, value).has_value(), failure(specimen, path, editor.text()).c_str());
      Node expected = original.root();
      *find(expected, path) = value;
      check_same(expected, editor.text(), failure(specimen, path, editor.text()));
      // Undone by hand, byte for byte: the new value occurs once in what differs.
      const auto written = write_value(value);
      std::size_t prefix = 0;
      const auto& before = specimen.text;
      const auto& after = editor.text();
      while (prefix < before.size() && prefix < after.size() && before[prefix] == after[prefix]) ++prefix;
      std::size_t suffix = 0;
      while (suffix < before.size() - prefix && suffix < after.size() - prefix &&
             before[before.size() - 1 - suffix] == after[after.size() - 1 - suffix]) {
        ++suffix;
      }
      CHECK_TEXT(after.size() - prefix - suffix <= written.size(), failure(specimen, path, after).c_str());
      LONGS_EQUAL_TEXT(std::ranges::count(before, '\n') - std::ranges::count(before.substr(prefix), '\n'),
                       std::ranges::count(after, '\n') - std::ranges::count(after.substr(prefix), '\n'),
                       failure(specimen, path, after).c_str());
    }
  }
}

TEST(EditCorpus, a_key_added_to_any_table_is_one_line_or_within_one) {
  for (const auto& specimen : corpus()) {
    const auto original = open(specimen.text);
    auto tables = paths_of(original.root());
    tables.emplace_back();
    for (const auto& path : tables) {
      if (find(original.root(), path)->type != Node::Type::table) continue;
      auto editor = original;
      const auto added = joined(path, std::string("added"));
      CHECK_TEXT(editor.set(added, toml_integer(42)).has_value(), failure(specimen, path, specimen.text).c_str());
      Node expected = original.root();
      put(*find(expected, path), "added", toml_integer(42));
      check_same(expected, editor.text(), failure(specimen, path, editor.text()));
      const auto rest = difference(specimen.text, editor.text());
      CHECK_TEXT(rest.before.size() <= 1 && rest.after.size() <= 3, failure(specimen, path, editor.text()).c_str());
      // Taken out again the text is what it was, but for a header or an empty line that came with it.
      CHECK_TEXT(editor.remove(added).has_value(), failure(specimen, path, editor.text()).c_str());
      CHECK_TEXT(part_of(lines_of_text(specimen.text), lines_of_text(editor.text())) ||
                     difference(specimen.text, editor.text()).before.size() <= 1,
                 failure(specimen, path, editor.text()).c_str());
    }
  }
}

TEST(EditCorpus, what_is_removed_leaves_every_other_line) {
  for (const auto& specimen : corpus()) {
    const auto original = open(specimen.text);
    for (const auto& path : paths_of(original.root())) {
      auto editor = original;
      CHECK_TEXT(editor.remove(path).has_value(), failure(specimen, path, specimen.text).c_str());
      CHECK_TEXT(parse_document(editor.text(), "x").has_value(), failure(specimen, path, editor.text()).c_str());
      // All lines but one (from which something was cut) are lines of before.
      auto rest = difference(specimen.text, editor.text());
      if (!rest.after.empty()) {
        const auto lines = lines_of_text(specimen.text);
        const auto fresh = std::ranges::count_if(
            rest.after, [&](const auto& line) { return std::ranges::find(lines, line) == lines.end(); });
        CHECK_TEXT(fresh <= 1, failure(specimen, path, editor.text()).c_str());
      }
    }
  }
}

TEST(EditCorpus, a_renamed_key_keeps_the_number_of_lines) {
  for (const auto& specimen : corpus()) {
    const auto original = open(specimen.text);
    for (const auto& path : paths_of(original.root())) {
      if (!std::holds_alternative<std::string>(path.back())) continue;
      auto editor = original;
      CHECK_TEXT(editor.rename(path, "re named").has_value(), failure(specimen, path, specimen.text).c_str());
      Node expected = original.root();
      auto parent = path;
      parent.pop_back();
      auto& members = find(expected, parent)->members;
      std::ranges::find(members, std::get<std::string>(path.back()), &Member::key)->key = "re named";
      check_same(expected, editor.text(), failure(specimen, path, editor.text()));
      LONGS_EQUAL(lines_of_text(specimen.text).size(), lines_of_text(editor.text()).size());
    }
  }
}

TEST(EditCorpus, an_added_rule_leaves_all_lines) {
  Node rule;
  put(rule, "name", toml_text("added"));
  put(rule, "use", toml_text("kernel"));
  for (const auto& specimen : corpus()) {
    auto editor = open(specimen.text);
    const auto* rules = editor.root().find("rules");
    const TomlPath path{std::string("rules"), rules == nullptr ? std::size_t{0} : rules->value.items.size()};
    CHECK_TEXT(editor.add_table(path, rule).has_value(), failure(specimen, path, editor.text()).c_str());
    CHECK_TEXT(difference(specimen.text, editor.text()).before.size() <= 1,
               failure(specimen, path, editor.text()).c_str());
    CHECK_TEXT(editor.remove(path).has_value(), failure(specimen, path, editor.text()).c_str());
    check_same(open(specimen.text).root(), editor.text(), failure(specimen, path, editor.text()));
    if (specimen.text.find_last_not_of("\r\n") == std::string::npos || specimen.text.ends_with("\n\n")) continue;
    STRCMP_EQUAL(specimen.text.c_str(), editor.text().c_str());
  }
}

namespace {

class RandomEdits {
 public:
  RandomEdits(const Specimen& specimen, unsigned seed)
      : specimen_(specimen), random_(seed), editor_(open(specimen.text)) {}

  // One change; a refused one must have left everything as it was.
  void step() {
    const auto before = editor_.text();
    const Node root = editor_.root();
    auto paths = paths_of(root);
    paths.emplace_back();
    const auto path = paths[random_() % paths.size()];
    Node expected = root;
    const auto done = change(path, expected);
    const auto message = failure(specimen_, path, before + "----\n" + editor_.text());
    if (!done) {
      STRCMP_EQUAL(before.c_str(), editor_.text().c_str());
      refused_ += done.error().code == Errc::unsupported ? 1 : 0;
      return;
    }
    check_same(expected, editor_.text(), message);
    LONGS_EQUAL_TEXT(comments(before) - comments(editor_.text()) <= 6, true, message.c_str());
    if (editor_.text().size() > 2500) editor_ = open(specimen_.text);
  }

  unsigned refused() const { return refused_; }

 private:
  Result<void> change(const TomlPath& path, Node& expected) {
    Node& node = *find(expected, path);
    const auto name = fmt::format("k{}", random_() % 5);
    switch (random_() % 5) {
      case 0:
        if (path.empty()) return {};
        node = value();
        return editor_.set(path, node);
      case 1: {
        if (node.type != Node::Type::table) return {};
        const auto fresh = value();
        put(node, name, fresh);
        return editor_.set(joined(path, name), fresh);
      }
      case 2: {
        if (path.empty()) return {};
        const auto done = editor_.remove(path);
        if (done) take_out(expected, path);
        return done;
      }
      case 3: {
        if (path.empty() || !std::holds_alternative<std::string>(path.back())) return {};
        auto parent = path;
        parent.pop_back();
        Node& table = *find(expected, parent);
        const auto done = editor_.rename(path, name);
        if (done) std::ranges::find(table.members, std::get<std::string>(path.back()), &Member::key)->key = name;
        return done;
      }
      default: return add_rule(expected);
    }
  }

  Result<void> add_rule(Node& expected) {
    Node rule;
    put(rule, "name", toml_text("added"));
    put(rule, "when", value());
    const auto* rules = expected.find("rules");
    if (rules != nullptr && rules->value.type != Node::Type::array) return {};
    const std::size_t count = rules == nullptr ? 0 : rules->value.items.size();
    const auto done = editor_.add_table({std::string("rules"), count}, rule);
    if (!done) return done;
    if (rules == nullptr) put(expected, "rules", toml_array({}));
    find(expected, {std::string("rules")})->items.push_back(rule);
    return done;
  }

  // As TomlEditor::remove() says: what is left empty goes as well.
  static void take_out(Node& root, TomlPath path) {
    for (;;) {
      auto parent = path;
      parent.pop_back();
      Node& node = *find(root, parent);
      if (const auto* key = std::get_if<std::string>(&path.back())) {
        std::erase_if(node.members, [&](const Member& member) { return member.key == *key; });
      } else {
        node.items.erase(node.items.begin() + static_cast<std::ptrdiff_t>(std::get<std::size_t>(path.back())));
      }
      const bool empty = node.members.empty() && node.items.empty();
      if (!empty || parent.empty() || std::holds_alternative<std::size_t>(parent.back())) return;
      path = parent;
    }
  }

  Node value() {
    switch (random_() % 6) {
      case 0: return toml_integer(static_cast<std::int64_t>(random_() % 1000));
      case 1: return toml_flag(random_() % 2 == 0);
      case 2: return toml_texts({"a", "# b", "]"});
      case 3: {
        Node table;
        put(table, "in", toml_integer(1));
        put(table, "out side", toml_texts({"}"}));
        return table;
      }
      case 4: {
        Node table;
        put(table, "x", toml_text("="));
        return toml_array({table, table});
      }
      default: return toml_text("t\n\"'#");
    }
  }

  static long comments(const std::string& text) {
    return std::ranges::count_if(lines_of_text(text), [](const auto& line) { return trim(line).starts_with('#'); });
  }

  const Specimen& specimen_;
  std::mt19937 random_;
  TomlEditor editor_;
  unsigned refused_ = 0;
};

unsigned number(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

}  // namespace

// SCHEDKIT_LONG=1 makes 100,000 changes; SCHEDKIT_SEED chooses them.
TEST(EditCorpus, random_changes_never_corrupt) {
  const unsigned count = number("SCHEDKIT_LONG", 0) != 0 ? 100'000 : 3'000;
  const unsigned seed = number("SCHEDKIT_SEED", 1);
  const auto files = corpus();
  unsigned refused = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    RandomEdits edits(files[i], seed + static_cast<unsigned>(i));
    for (unsigned made = 0; made < count / files.size() + 1; ++made) edits.step();
    refused += edits.refused();
  }
  // An item that has a header, [[x]], cannot become a plain value; nothing else is refused.
  CHECK_TEXT(refused * 20 < count, fmt::format("{} of {} changes were refused", refused, count).c_str());
}
