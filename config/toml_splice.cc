#include "config/toml_splice.h"

#include <algorithm>
#include <span>

#include "config/toml_value.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

std::string spliced(std::string_view text, Span span, std::string_view with) {
  return std::string(text.substr(0, span.begin)).append(with).append(text.substr(span.end));
}

std::string_view line_end_of(std::string_view text) {
  const auto feed = text.find('\n');
  return feed != std::string_view::npos && feed > 0 && text[feed - 1] == '\r' ? "\r\n" : "\n";
}

// `lines` (each ended) as lines behind `at`. A text without a last line end stays one.
std::string insert_lines(std::string_view text, std::size_t at, std::string_view lines) {
  const auto line_end = line_end_of(text);
  if (at > 0 && at == text.size() && text[at - 1] != '\n') {
    return spliced(text, {at, at}, std::string(line_end).append(lines.substr(0, lines.size() - line_end.size())));
  }
  return spliced(text, {at, at}, lines);
}

std::string_view indent_of(std::string_view text, std::size_t line) {
  return text.substr(line, std::min(text.find_first_not_of(" \t", line), text.size()) - line);
}

// The parts of `path` from `depth` on as a dotted key; "" when an index is among them.
std::string dotted(const TomlPath& path, std::size_t depth) {
  std::vector<std::string> parts;
  for (std::size_t i = depth; i < path.size(); ++i) {
    const auto* key = std::get_if<std::string>(&path[i]);
    if (key == nullptr) return "";
    parts.push_back(write_key(*key));
  }
  return join(parts, ".");
}

// The keys of `path` without its indexes: how a header names it.
std::string header_name(const TomlPath& path) {
  std::vector<std::string> parts;
  for (const auto& step : path) {
    if (const auto* key = std::get_if<std::string>(&step)) parts.push_back(write_key(*key));
  }
  return join(parts, ".");
}

// What is written at `path`: an entry, an item of an array, or neither.
struct Written {
  const ValueLayout* value = nullptr;
  const ValueLayout* around = nullptr;  // the array or inline table it is in; none: it has lines of its own
  std::size_t at = 0;                   // its number in that
};

Written find_within(const Written& from, const TomlPath& path, std::size_t depth) {
  if (depth == path.size()) return from;
  const ValueLayout& value = *from.value;
  if (const auto* index = std::get_if<std::size_t>(&path[depth])) {
    if (value.kind != ValueLayout::Kind::array || *index >= value.items.size()) return {};
    return find_within({&value.items[*index], &value, *index}, path, depth + 1);
  }
  for (std::size_t i = 0; i < value.entries.size(); ++i) {
    const auto& [key, inner] = value.entries[i];
    const bool leads = key.size() <= path.size() - depth &&
                       std::ranges::equal(key, std::span(path).subspan(depth, key.size()),
                                          [](const KeyPart& a, const TomlStep& b) { return TomlStep(a.name) == b; });
    if (!leads) continue;
    if (const auto found = find_within({&inner.front(), &value, i}, path, depth + key.size()); found.value != nullptr) {
      return found;
    }
  }
  return {};
}

Written find_written(const Laid& laid, const TomlPath& path) {
  for (const auto& statement : laid.statements) {
    if (statement.kind != Statement::Kind::entry || !is_below(path, statement.path)) continue;
    return find_within({&statement.entry.value.front(), nullptr, 0}, path, statement.path.size());
  }
  return {};
}

// Whether the first parts of `key`, which is at `depth` of `path`, are those steps of `path`; how many at most `limit`.
bool leads(const std::vector<KeyPart>& key, const TomlPath& path, std::size_t depth, std::size_t limit) {
  if (key.size() <= limit - depth) return false;
  for (std::size_t i = depth; i < limit; ++i) {
    if (TomlStep(key[i - depth].name) != path[i]) return false;
  }
  return true;
}

// As one more entry of an inline table.
std::string insert_inline(const Laid& laid, const ValueLayout& table, const std::string& entry) {
  if (table.entries.empty()) return spliced(laid.text, table.span, "{ " + entry + " }");
  const auto at = table.entries.back().span().end;
  return spliced(laid.text, {at, at}, ", " + entry);
}

// Behind the last entry of a dotted table in an inline table, with that one's way to write it.
std::string insert_dotted_inline(const Laid& laid, const ValueLayout& table, const TomlPath& path, std::size_t depth,
                                 std::size_t limit, const std::string& value) {
  for (auto entry = table.entries.rbegin(); entry != table.entries.rend(); ++entry) {
    if (leads(entry->key, path, depth, limit)) {
      const auto prefix = laid.text.substr(entry->key.front().span.begin,
                                           entry->key[limit - depth].span.begin - entry->key.front().span.begin);
      const auto at = entry->span().end;
      return spliced(laid.text, {at, at}, fmt::format(", {}{} = {}", prefix, dotted(path, limit), value));
    }
  }
  return "";
}

// Into the inline value that holds the table at `limit`, if there is one.
std::string insert_into_inline(const Laid& laid, const TomlPath& path, std::size_t limit, const std::string& value) {
  const TomlPath table(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(limit));
  if (const auto written = find_written(laid, table); written.value != nullptr) {
    if (written.value->kind != ValueLayout::Kind::inline_table) return "";
    return insert_inline(laid, *written.value, dotted(path, limit) + " = " + value);
  }
  for (std::size_t depth = limit; depth-- > 0;) {
    const TomlPath outer(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
    const auto written = find_written(laid, outer);
    if (written.value != nullptr) return insert_dotted_inline(laid, *written.value, path, depth, limit, value);
  }
  return "";
}

// Behind the last entry directly under the header of the table, or under the header itself.
std::string insert_under_own_header(const Laid& laid, const TomlPath& path, std::size_t limit,
                                    const std::string& value) {
  const TomlPath table(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(limit));
  const auto header = std::ranges::find_if(laid.statements, [&](const Statement& statement) {
    return statement.kind != Statement::Kind::entry && statement.path == table;
  });
  auto last = header;
  if (limit == 0) {
    if (laid.statements.empty() || laid.statements.front().kind != Statement::Kind::entry) return "";
    last = laid.statements.begin();
  } else if (header == laid.statements.end()) {
    return "";
  }
  while (last + 1 != laid.statements.end() && (last + 1)->kind == Statement::Kind::entry) ++last;
  const auto line = fmt::format("{}{} = {}{}", indent_of(laid.text, last->lines.begin), dotted(path, limit), value,
                                line_end_of(laid.text));
  return insert_lines(laid.text, last->lines.end, line);
}

// Behind the last dotted key of the table, in that one's way.
std::string insert_dotted(const Laid& laid, const TomlPath& path, std::size_t limit, const std::string& value) {
  for (auto statement = laid.statements.rbegin(); statement != laid.statements.rend(); ++statement) {
    if (statement->kind != Statement::Kind::entry) continue;
    const auto depth = statement->depth.front();
    const auto& key = statement->entry.key;
    if (depth >= limit ||
        !std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth), statement->path.begin())) {
      continue;
    }
    if (!leads(key, path, depth, limit)) continue;
    const auto begin = statement->lines.begin;
    const auto prefix = laid.text.substr(begin, key[limit - depth].span.begin - begin);
    const auto line = fmt::format("{}{} = {}{}", prefix, dotted(path, limit), value, line_end_of(laid.text));
    return insert_lines(laid.text, statement->lines.end, line);
  }
  return "";
}

// The first line of the comment block that touches the line at `begin`; `begin` itself when there is none, or when the
// text begins with it.
std::size_t with_own_comments(std::string_view text, std::size_t begin) {
  auto first = begin;
  while (first > 0) {
    const auto line = begin_of_line(text, first - 1);
    if (trim(text.substr(line, first - line)).substr(0, 1) != "#") return first;
    first = line;
  }
  return begin;
}

bool blank(std::string_view text, Span line) { return trim(text.substr(line.begin, line.end - line.begin)).empty(); }

// Without the empty lines that would be too many once the block is gone.
Span with_empty_lines(std::string_view text, Span block) {
  const auto line_before = block.begin > 0 ? begin_of_line(text, block.begin - 1) : 0;
  const bool empty_before = block.begin == 0 || blank(text, {line_before, block.begin});
  while (empty_before && block.end < text.size() && blank(text, {block.end, end_of_line(text, block.end)})) {
    block.end = end_of_line(text, block.end);
  }
  while (block.end == text.size() && block.begin > 0) {
    const auto line = begin_of_line(text, block.begin - 1);
    if (!blank(text, {line, block.begin})) break;
    block.begin = line;
  }
  return block;
}

// With the comma that its going makes needless.
Span with_comma(std::string_view text, const Written& written, Span span, std::size_t count, bool array) {
  const auto span_of = [&](std::size_t i) {
    return array ? written.around->items[i].span : written.around->entries[i].span();
  };
  if (written.at + 1 < count) return {span.begin, span_of(written.at + 1).begin};
  if (written.at > 0) return {span_of(written.at - 1).end, span.end};
  const auto comma = text.find_first_not_of(" \t\r\n", span.end);  // a last one is allowed in arrays
  if (comma != std::string_view::npos && text[comma] == ',') span.end = comma + 1;
  return span;
}

}  // namespace

const ValueLayout* find_value(const Laid& laid, const TomlPath& path) { return find_written(laid, path).value; }

std::string replace_value(const Laid& laid, const TomlPath& path, std::string_view value) {
  const auto* found = find_value(laid, path);
  return found == nullptr ? "" : spliced(laid.text, found->span, value);
}

std::string insert_entry(const Laid& laid, const TomlPath& path, std::size_t depth, const Node& value) {
  const auto key = dotted(path, depth);
  if (key.empty()) return "";
  const auto written = write_value(value);
  if (auto text = insert_into_inline(laid, path, depth, written); !text.empty()) return text;
  if (auto text = insert_under_own_header(laid, path, depth, written); !text.empty()) return text;
  if (auto text = insert_dotted(laid, path, depth, written); !text.empty()) return text;
  if (depth > 0) return "";
  // The root table without entries: before the first header, and what comments touch it.
  if (laid.statements.empty()) {
    return insert_lines(laid.text, laid.text.size(), fmt::format("{} = {}{}", key, written, line_end_of(laid.text)));
  }
  const auto at = with_own_comments(laid.text, laid.statements.front().lines.begin);
  return spliced(laid.text, {at, at},
                 fmt::format("{} = {}{line}{line}", key, written, fmt::arg("line", line_end_of(laid.text))));
}

std::string insert_under_header(const Laid& laid, const TomlPath& path, const Node& value) {
  if (path.empty() || !std::holds_alternative<std::string>(path.back())) return "";
  const TomlPath table(path.begin(), path.end() - 1);
  for (auto depth = table.size(); depth > 0; --depth) {
    const auto blocks = blocks_of(laid, TomlPath(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(depth)));
    if (blocks.empty()) continue;
    const auto line_end = line_end_of(laid.text);
    return insert_lines(
        laid.text, blocks.back().end,
        fmt::format("{line}[{}]{line}{} = {}{line}", header_name(table), write_key(std::get<std::string>(path.back())),
                    write_value(value), fmt::arg("line", line_end)));
  }
  return "";
}

std::string append_table(const Laid& laid, const TomlPath& path, const Node& table) {
  const auto line_end = line_end_of(laid.text);
  const bool item = std::holds_alternative<std::size_t>(path.back());
  const auto name = header_name(path);
  std::string lines = (item ? "[[" + name + "]]" : "[" + name + "]").append(line_end) + write_body(table, line_end);
  const auto last_line = laid.text.empty() ? 0 : begin_of_line(laid.text, laid.text.size() - 1);
  if (!laid.text.empty() && !blank(laid.text, {last_line, laid.text.size()})) lines.insert(0, line_end);
  return insert_lines(laid.text, laid.text.size(), lines);
}

std::string append_item(const Laid& laid, const TomlPath& array, std::string_view value) {
  const auto* found = find_value(laid, array);
  if (found == nullptr || found->kind != ValueLayout::Kind::array) return "";
  if (found->items.empty()) return spliced(laid.text, {found->span.begin + 1, found->span.begin + 1}, value);
  const auto last = found->items.back().span;
  const auto line = begin_of_line(laid.text, last.begin);
  const bool own_line = trim(laid.text.substr(line, last.begin - line)).empty();
  const auto gap = own_line ? std::string(line_end_of(laid.text)).append(indent_of(laid.text, line)) : std::string(" ");
  return spliced(laid.text, {last.end, last.end}, fmt::format(",{}{}", gap, value));
}

std::vector<Span> blocks_of(const Laid& laid, const TomlPath& path) {
  std::vector<Span> blocks;
  bool running = false;
  for (const auto& statement : laid.statements) {
    const bool ours = is_below(statement.path, path);
    if (ours && running) {
      blocks.back().end = statement.lines.end;
    } else if (ours) {
      blocks.push_back(statement.lines);
    }
    running = ours;
  }
  return blocks;
}

namespace {

// A table that is only dotted keys in an inline table: { a.b = 1, a.c = 2 } without `a`, one entry after the other.
std::string remove_dotted_inline(const Laid& laid, const TomlPath& path) {
  for (std::size_t depth = path.size(); depth-- > 0;) {
    const TomlPath outer(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
    const auto written = find_written(laid, outer);
    if (written.value == nullptr) continue;
    std::string text(laid.text);
    const auto& entries = written.value->entries;
    const auto goes = [&](const EntryLayout& entry) { return leads(entry.key, path, depth, path.size()); };
    const auto first_left = std::ranges::find_if_not(entries, goes);
    if (first_left == entries.end() && entries.empty()) return "";
    if (first_left == entries.end()) {
      return spliced(laid.text, {entries.front().span().begin, entries.back().span().end}, "");
    }
    for (auto i = entries.size(); i-- > 0;) {
      if (!goes(entries[i])) continue;
      // With the comma before it, or behind it where all before it go as well.
      const bool leading = entries[i].span().begin < first_left->span().begin;
      const auto begin = leading ? entries[i].span().begin : entries[i - 1].span().end;
      const auto end = leading ? entries[i + 1].span().begin : entries[i].span().end;
      text.erase(begin, end - begin);
    }
    return text;
  }
  return "";
}

}  // namespace

std::string remove_at(const Laid& laid, const TomlPath& path) {
  const auto written = find_written(laid, path);
  if (written.around != nullptr) {
    const bool array = written.around->kind == ValueLayout::Kind::array;
    const auto count = array ? written.around->items.size() : written.around->entries.size();
    const auto span = array ? written.value->span : written.around->entries[written.at].span();
    return spliced(laid.text, with_comma(laid.text, written, span, count, array), "");
  }
  std::string text(laid.text);
  auto blocks = blocks_of(laid, path);
  if (blocks.empty()) return remove_dotted_inline(laid, path);
  const bool one_entry = written.value != nullptr;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    auto span = *block;
    const auto at = std::min(text.find_first_not_of(" \t", span.begin), text.size() - 1);
    if (!one_entry && text[at] == '[') {
      span = with_empty_lines(text, {with_own_comments(text, span.begin), span.end});
    }
    text.erase(span.begin, span.end - span.begin);
  }
  // A text without a last line end stays one.
  if (!laid.text.ends_with('\n') && text.ends_with('\n')) text.resize(text.size() - (text.ends_with("\r\n") ? 2 : 1));
  return text;
}

namespace {

// Where the key at the end of `path` is written inside a value at the first `depth` steps.
void collect_names(const ValueLayout& value, const TomlPath& path, std::size_t depth, std::vector<Span>& spans) {
  if (depth >= path.size()) return;
  if (const auto* index = std::get_if<std::size_t>(&path[depth])) {
    if (*index < value.items.size()) collect_names(value.items[*index], path, depth + 1, spans);
    return;
  }
  for (const auto& [key, inner] : value.entries) {
    std::size_t at = 0;
    while (at < key.size() && depth + at < path.size() && TomlStep(key[at].name) == path[depth + at]) ++at;
    if (depth + at == path.size()) {
      spans.push_back(key[at - 1].span);
    } else if (at == key.size()) {
      collect_names(inner.front(), path, depth + at, spans);
    }
  }
}

}  // namespace

std::string rename_key(const Laid& laid, const TomlPath& path, const std::string& name) {
  std::vector<Span> spans;
  for (const auto& statement : laid.statements) {
    if (is_below(statement.path, path)) {
      for (std::size_t i = 0; i < statement.depth.size(); ++i) {
        if (statement.depth[i] == path.size() - 1) spans.push_back(statement.entry.key[i].span);
      }
    } else if (statement.kind == Statement::Kind::entry && is_below(path, statement.path)) {
      collect_names(statement.entry.value.front(), path, statement.path.size(), spans);
    }
  }
  std::string text(laid.text);
  for (auto span = spans.rbegin(); span != spans.rend(); ++span) {
    text.replace(span->begin, span->end - span->begin, write_key(name));
  }
  return spans.empty() ? "" : text;
}

}  // namespace schedkit
