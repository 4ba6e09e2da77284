// TomlEditor: what each change does to the text, byte for byte.
#include "config/toml_editor.h"

#include "tests/config/edit_helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

using Change = std::function<Result<void>(TomlEditor&)>;

void check_edit(const std::string& before, const std::string& after, const Change& change) {
  auto editor = open(before);
  const auto done = change(editor);
  CHECK_TEXT(done.has_value(), done ? "" : done.error().describe().c_str());
  STRCMP_EQUAL(after.c_str(), editor.text().c_str());
}

void check_refused(const std::string& text, const std::string& message, const Change& change) {
  auto editor = open(text);
  const auto done = change(editor);
  CHECK(!done);
  STRCMP_EQUAL(message.c_str(), done.error().describe().c_str());
  STRCMP_EQUAL(text.c_str(), editor.text().c_str());
}

Change set(TomlPath path, Node value) {
  return [=](TomlEditor& editor) { return editor.set(path, value); };
}
Change remove(TomlPath path) {
  return [=](TomlEditor& editor) { return editor.remove(path); };
}
Change rename(TomlPath path, std::string name) {
  return [=](TomlEditor& editor) { return editor.rename(path, name); };
}
Change add(TomlPath path, Node table) {
  return [=](TomlEditor& editor) { return editor.add_table(path, table); };
}

const TomlStep rules = std::string("rules");
const TomlStep first = std::size_t{0};
const TomlStep second = std::size_t{1};
TomlStep key(const char* name) { return std::string(name); }

Node small_rule() {
  Node table;
  put(table, "name", toml_text("n"));
  put(table, "use", toml_text("kernel"));
  return table;
}

}  // namespace

TEST_GROUP(TomlEditor){};

TEST(TomlEditor, a_value_is_replaced_where_it_stands) {
  check_edit("a   =  1   # one\r\nb = 2\r\n", "a   =  23   # one\r\nb = 2\r\n", set({key("a")}, toml_integer(23)));
  check_edit("a = [ 1, # x\n 2 ] # y\n", "a = [\"z\"] # y\n", set({key("a")}, toml_texts({"z"})));
  check_edit("a = [ 1, # x\n 2 ] # y\n", "a = [ 1, # x\n 3 ] # y\n", set({key("a"), second}, toml_integer(3)));
  check_edit("t = { a.b = 1, c = 2 }", "t = { a.b = true, c = 2 }",
             set({key("t"), key("a"), key("b")}, toml_flag(true)));
  check_edit("a = 1\n", "a = 1\n", set({key("a")}, toml_integer(1)));
}

TEST(TomlEditor, a_table_of_lines_is_replaced_by_a_value) {
  check_edit("[[rules]]\nname = \"a\"\n# why\n[rules.when]\nx = 1\n", "[[rules]]\nname = \"a\"\nwhen = \"now\"\n",
             set({rules, first, key("when")}, toml_text("now")));
}

TEST(TomlEditor, a_key_is_added_where_its_table_is_written) {
  check_edit("[[rules]]\nname = \"a\"\n\n[[rules]]\nname = \"b\"\n",
             "[[rules]]\nname = \"a\"\npriority = 3\n\n[[rules]]\nname = \"b\"\n",
             set({rules, first, key("priority")}, toml_integer(3)));
  check_edit("[[rules]]\n  name = \"a\" # c\n  # d\n  [rules.when]\n",
             "[[rules]]\n  name = \"a\" # c\n  p = 3\n  # d\n  [rules.when]\n",
             set({rules, first, key("p")}, toml_integer(3)));
  check_edit("[t]\n# nothing\n[u]\n", "[t]\na = 1\n# nothing\n[u]\n", set({key("t"), key("a")}, toml_integer(1)));
  check_edit("[t]", "[t]\na = 1", set({key("t"), key("a")}, toml_integer(1)));
  check_edit("[t]\r\nb = 1", "[t]\r\nb = 1\r\na = 1", set({key("t"), key("a")}, toml_integer(1)));
  check_edit("", "a = 1\n", set({key("a")}, toml_integer(1)));
  check_edit("# c\n\n# of t\n[t]\n", "# c\n\na = 1\n\n# of t\n[t]\n", set({key("a")}, toml_integer(1)));
  check_edit("b = 2\n[t]\n", "b = 2\n\"a b\" = 1\n[t]\n", set({key("a b")}, toml_integer(1)));
}

TEST(TomlEditor, a_key_is_added_in_the_way_of_its_neighbours) {
  check_edit("when . a = 1 # x\nc = 2\n", "when . a = 1 # x\nwhen . b = 3\nc = 2\n",
             set({key("when"), key("b")}, toml_integer(3)));
  check_edit("t = { a = 1 }", "t = { a = 1, b = 3 }", set({key("t"), key("b")}, toml_integer(3)));
  check_edit("t = {}", "t = { b = 3 }", set({key("t"), key("b")}, toml_integer(3)));
  check_edit("t = { a.x = 1, c = 2 }", "t = { a.x = 1, a.b = 3, c = 2 }",
             set({key("t"), key("a"), key("b")}, toml_integer(3)));
  check_edit("t = { c = 2 }", "t = { c = 2, a.b = 3 }", set({key("t"), key("a"), key("b")}, toml_integer(3)));
  check_edit("[[rules]]\n[rules.when.process]\ncomm = 1\n[[rules]]\n",
             "[[rules]]\n[rules.when.process]\ncomm = 1\n\n[rules.when]\npower = 2\n[[rules]]\n",
             set({rules, first, key("when"), key("power")}, toml_integer(2)));
}

TEST(TomlEditor, a_removed_key_takes_its_lines) {
  check_edit("a = 1 # one\n# two\nb = [\n1 ] # x\nc = 3", "a = 1 # one\n# two\nc = 3", remove({key("b")}));
  check_edit("a = 1\nc = 3", "a = 1", remove({key("c")}));
  check_edit("t = { a = 1, b = 2, c = 3 }", "t = { b = 2, c = 3 }", remove({key("t"), key("a")}));
  check_edit("t = { a = 1, b = 2, c = 3 }", "t = { a = 1, c = 3 }", remove({key("t"), key("b")}));
  check_edit("t = { a = 1, b = 2, c = 3 }", "t = { a = 1, b = 2 }", remove({key("t"), key("c")}));
  check_edit("x = 1\nt = { a = 1 }\n", "x = 1\n", remove({key("t"), key("a")}));
  check_edit("l = [ 1, 2, ]", "l = [ 1, ]", remove({key("l"), second}));
}

TEST(TomlEditor, a_removed_table_takes_its_comments_and_what_is_below) {
  const std::string one = "[[rules]]\nname = \"a\"\n", two = "# of b\n[[rules]]\nname = \"b\"\n[rules.when]\nx = 1\n";
  check_edit(one + "\n" + two + "\n# rest\n", one + "\n# rest\n", remove({rules, second}));
  check_edit(one + "\n" + two, one, remove({rules, second}));
  check_edit("# licence\n" + one + two, "# licence\n" + two, remove({rules, first}));
  check_edit("[[rules]]\na = 1\n[s.x]\nb = 1\n[rules.when]\nc = 1\n[s.y]\n", "[s.x]\nb = 1\n[s.y]\n",
             remove({rules, first}));
  check_edit("[s.x.m]\na = 1\n[r]\n[s.x]\nb = 1\n", "[r]\n", remove({key("s"), key("x")}));
  check_edit("s.x.a = 1\ns.y.a = 1\n", "s.y.a = 1\n", remove({key("s"), key("x")}));
}

TEST(TomlEditor, names_change_wherever_they_are_written) {
  check_edit("[s.x.m] # x\na = 1\n[ s . \"x\" ]\nx = 1\n", "[s.new.m] # x\na = 1\n[ s . new ]\nx = 1\n",
             rename({key("s"), key("x")}, "new"));
  check_edit("s = { x.a = 1, x.b = 2, y.x = 3 }", "s = { \"n.w\".a = 1, \"n.w\".b = 2, y.x = 3 }",
             rename({key("s"), key("x")}, "n.w"));
  check_refused("s.x = 1\ns.y = 2\n", "x.toml has a \"s.y\" already", rename({key("s"), key("x")}, "y"));
  check_refused("s.x = 1\n", "x.toml has no \"s.z\"", rename({key("s"), key("z")}, "y"));
}

TEST(TomlEditor, tables_are_added_at_the_end) {
  const std::string rule = "[[rules]]\nname = \"n\"\nuse = \"kernel\"\n";
  check_edit("", rule, add({rules, first}, small_rule()));
  check_edit("# c\n", "# c\n\n" + rule, add({rules, first}, small_rule()));
  check_edit("[[rules]]\na = 1\n\n\n", "[[rules]]\na = 1\n\n\n" + rule, add({rules, second}, small_rule()));
  check_edit("[a]\r\n", "[a]\r\n\r\n[[rules]]\r\nname = \"n\"\r\nuse = \"kernel\"\r\n",
             add({rules, first}, small_rule()));
  check_edit("a = 1", "a = 1\n\n[s.\"x.y\"]\nname = \"n\"\nuse = \"kernel\"",
             add({key("s"), key("x.y")}, small_rule()));
  check_edit("rules = [\n  { name = \"a\" }, # a\n]\n",
             "rules = [\n  { name = \"a\" },\n  { name = \"n\", use = \"kernel\" }, # a\n]\n",
             add({rules, second}, small_rule()));
  check_edit("rules = [{ name = \"a\" }]", "rules = [{ name = \"a\" }, { name = \"n\", use = \"kernel\" }]",
             add({rules, second}, small_rule()));
  check_edit("s = { x = { a = 1 } }", "s = { x = { a = 1 }, y = { name = \"n\", use = \"kernel\" } }",
             add({key("s"), key("y")}, small_rule()));
  check_refused("[s.x]\n", "x.toml has a \"s.x\" already", add({key("s"), key("x")}, small_rule()));
  check_refused("[[rules]]\n", "x.toml: there is no place for \"rules[3]\"",
                add({rules, std::size_t{3}}, small_rule()));
}

TEST(TomlEditor, what_is_in_the_way_is_not_overwritten) {
  check_refused("a = 1\n", "x.toml: there is no table for \"a.b\"", set({key("a"), key("b")}, toml_integer(1)));
  check_refused("a = 1\n", "x.toml has no \"b\"", remove({key("b")}));
}

TEST(TomlEditor, lines_and_place_of_a_rule) {
  const auto editor = open("[[rules]]\na = 1\n# x\n[rules.when]\nb = 2\n[t]\n");
  STRCMP_EQUAL("[[rules]]\na = 1\n# x\n[rules.when]\nb = 2\n", editor.lines_of({rules, first}).c_str());
  STRCMP_EQUAL("b = 2\n", editor.lines_of({rules, first, key("when"), key("b")}).c_str());
  LONGS_EQUAL(4, editor.place_of({rules, first, key("when")}).line);
}
