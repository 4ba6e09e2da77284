// TOML text as a tree with places. The only user of toml++ is document.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

// A place inside one text; both count from 1.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  auto operator<=>(const Place&) const = default;
};

struct Member;

struct Node {
  enum class Type { table, array, string, integer, real, boolean, time };

  Type type = Type::table;
  Place place;                  // of the value; of a table: its header or brace
  std::string text;             // string; of a time how toml++ writes it
  std::int64_t integer = 0;     // integer
  double real = 0;              // real
  bool boolean = false;         // boolean
  std::vector<Node> items;      // array
  std::vector<Member> members;  // table, in the order of their places

  const Member* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Place place;  // of the key
  Node value;
};

// "a string", "a table" and so on, for messages.
std::string_view describe(Node::Type type);

// Keys with more dotted parts than this are refused: nothing needs them, and each part costs stack.
constexpr int most_dotted_parts = 16;

// The root table. `file` goes into the error's place. A syntax error ends parsing: there is only one.
Result<Node> parse_document(std::string_view text, const std::string& file);

}  // namespace schedkit
