#include "config/document.h"

// Header-only and without exceptions, so that nothing can escape; Debian's shared library throws.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32
// toml++ 3.3 asserts on some malformed keys for which it also has an error message (or, with NDEBUG under clang,
// assumes them away): the message is what we want.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

namespace schedkit {

const Member* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &Member::key);
  return found == members.end() ? nullptr : &*found;
}

std::string_view describe(Node::Type type) {
  switch (type) {
    case Node::Type::table: return "a table";
    case Node::Type::array: return "a list";
    case Node::Type::string: return "a string";
    case Node::Type::integer: return "an integer";
    case Node::Type::real: return "a floating-point number";
    case Node::Type::boolean: return "a boolean";
    case Node::Type::time: return "a date or time";
  }
  return "unknown";
}

namespace {

Place place_of(const toml::source_region& region) {
  return {static_cast<std::uint32_t>(region.begin.line), static_cast<std::uint32_t>(region.begin.column)};
}

Node convert(const toml::node& from);

void convert_members(const toml::table& from, Node& node) {
  node.type = Node::Type::table;
  for (const auto& [key, value] : from) {
    node.members.push_back({std::string(key.str()), place_of(key.source()), convert(value)});
  }
  std::ranges::stable_sort(node.members, {}, &Member::place);
}

Node convert(const toml::node& from) {
  Node node;
  node.place = place_of(from.source());
  if (const auto* table = from.as_table()) {
    convert_members(*table, node);
  } else if (const auto* array = from.as_array()) {
    node.type = Node::Type::array;
    for (const auto& item : *array) node.items.push_back(convert(item));
  } else if (const auto* text = from.as_string()) {
    node.type = Node::Type::string;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.type = Node::Type::integer;
    node.integer = integer->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.type = Node::Type::boolean;
    node.boolean = boolean->get();
  } else {
    node.type = from.is_floating_point() ? Node::Type::real : Node::Type::time;
  }
  return node;
}

// Finds keys so deep that tables nested by them would exhaust the stack (toml++ 3.3 sets no limit there). Knows just
// enough of TOML to skip strings and comments; where it loses its way the text is wrong and toml++ stops before.
class DepthScan {
 public:
  explicit DepthScan(std::string_view text) : text_(text) {}

  // Where the limit is first passed.
  std::optional<Place> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        if (std::string_view("=[]{},\n").find(c) != std::string_view::npos) dots_ = 0;
        if (c == '.' && ++dots_ >= most_dotted_parts) return place();
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  void skip_string(char mark) {
    const std::string three(3, mark);
    const bool multiline = text_.substr(at_, 3) == three;
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      if (mark == '"' && text_[at_] == '\\') {
        at_ += 2;
      } else if (multiline && text_.substr(at_, 3) == three) {
        at_ += 3;
        for (int more = 0; more < 2 && at_ < text_.size() && text_[at_] == mark; ++more) ++at_;
        return;
      } else if (!multiline && (text_[at_] == mark || text_[at_] == '\n')) {
        if (text_[at_] == mark) ++at_;
        return;
      } else {
        ++at_;
      }
    }
    at_ = text_.size();
  }

  Place place() const {
    const auto before = text_.substr(0, at_);
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
            static_cast<std::uint32_t>(at_ - line_start + 1)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0;
};

// toml++ puts the offending bytes into its text.
std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

Result<Node> parse_document(std::string_view text, const std::string& file) {
  if (const auto deep = DepthScan(text).run()) {
    return fail({Errc::limit,
                 fmt::format("a key has more than {} dotted parts", most_dotted_parts),
                 {file, deep->line, deep->column}});
  }
  const auto parsed = toml::parse(text, std::string_view(file));
  if (!parsed) {
    const auto place = place_of(parsed.error().source());
    return fail(
        {Errc::invalid, "TOML syntax: " + printable(parsed.error().description()), {file, place.line, place.column}});
  }
  Node root;
  root.place = {1, 1};
  convert_members(parsed.table(), root);
  return root;
}

}  // namespace schedkit
