#include "config/toml_layout.h"

#include <algorithm>
#include <map>

#include "config/document.h"
#include "core/base/text.h"

namespace schedkit {

bool is_below(const TomlPath& path, const TomlPath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

std::string show_path(const TomlPath& path) {
  std::string shown;
  for (const auto& step : path) {
    if (const auto* index = std::get_if<std::size_t>(&step)) {
      shown += fmt::format("[{}]", *index);
    } else {
      shown += (shown.empty() ? "" : ".") + std::get<std::string>(step);
    }
  }
  return shown;
}

Span EntryLayout::span() const { return {key.front().span.begin, value.front().span.end}; }

std::size_t end_of_line(std::string_view text, std::size_t at) {
  const auto end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::size_t begin_of_line(std::string_view text, std::size_t at) {
  return at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
}

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What toml++ makes of a quoted part.
std::string name_of(std::string_view part) {
  if (part.find_first_of("\"'") == std::string_view::npos) return std::string(part);
  const auto parsed = parse_document(std::string(part) + " = 0", "a key");
  return parsed && !parsed->members.empty() ? parsed->members.front().key : std::string(part);
}

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text), at_(text.starts_with(byte_order_mark) ? 3 : 0) {}

  std::vector<Statement> run() {
    for (skip_blank(); at_ < text_.size(); skip_blank()) {
      const auto begin = begin_of_line(text_, at_);
      Statement statement = text_[at_] == '[' ? header() : entry_statement();
      at_ = end_of_line(text_, at_);
      statement.lines = {begin < 3 && text_.starts_with(byte_order_mark) ? 3 : begin, at_};
      statements_.push_back(std::move(statement));
    }
    return std::move(statements_);
  }

 private:
  bool looking_at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_spaces() { at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size()); }

  // Spaces, line ends and comments.
  void skip_blank() {
    for (;;) {
      at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
      if (here() != '#') return;
      at_ = end_of_line(text_, at_);
    }
  }

  void skip_string() {
    const char mark = here();
    const std::string three(3, mark);
    const bool multiline = looking_at(three);
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      if (mark == '"' && here() == '\\') {
        at_ += 2;
      } else if (multiline && looking_at(three)) {
        at_ += 3;
        for (int more = 0; more < 2 && here() == mark; ++more) ++at_;  // quotes that belong to the content
        break;
      } else if (text_[at_++] == mark && !multiline) {
        break;
      }
    }
    at_ = std::min(at_, text_.size());
  }

  std::vector<KeyPart> key() {
    std::vector<KeyPart> parts;
    do {
      if (!parts.empty()) ++at_;  // the dot
      skip_spaces();
      const auto begin = at_;
      if (here() == '"' || here() == '\'') {
        skip_string();
      } else {
        at_ = std::min(text_.find_first_of(" \t.=]\r\n", at_), text_.size());
      }
      parts.push_back({name_of(text_.substr(begin, at_ - begin)), {begin, at_}});
      skip_spaces();
    } while (here() == '.');
    return parts;
  }

  EntryLayout entry() {
    EntryLayout entry{key(), {}};
    if (here() == '=') ++at_;
    skip_spaces();
    entry.value.push_back(value());
    return entry;
  }

  ValueLayout value() {
    ValueLayout value;
    value.span.begin = at_;
    switch (here()) {
      case '"':
      case '\'': skip_string(); break;
      case '[': array(value); break;
      case '{': inline_table(value); break;
      default:
        at_ = std::min(text_.find_first_of(",]}#\r\n", at_), text_.size());
        while (at_ > value.span.begin && (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t')) --at_;
    }
    value.span.end = at_;
    return value;
  }

  void array(ValueLayout& value) {
    value.kind = ValueLayout::Kind::array;
    ++at_;
    for (skip_blank(); at_ < text_.size() && here() != ']'; skip_blank()) {
      const auto before = at_;
      value.items.push_back(this->value());
      skip_blank();
      if (here() == ',') ++at_;
      if (at_ == before) return;  // not TOML
    }
    if (here() == ']') ++at_;
  }

  void inline_table(ValueLayout& value) {
    value.kind = ValueLayout::Kind::inline_table;
    ++at_;
    for (skip_blank(); at_ < text_.size() && here() != '}'; skip_blank()) {
      const auto before = at_;
      value.entries.push_back(entry());
      skip_blank();
      if (here() == ',') ++at_;
      if (at_ == before) return;
    }
    if (here() == '}') ++at_;
  }

  Statement header() {
    Statement statement;
    const bool item = looking_at("[[");
    statement.kind = item ? Statement::Kind::array_item : Statement::Kind::table;
    at_ += item ? 2 : 1;
    statement.entry.key = key();
    for (std::size_t i = 0; i < statement.entry.key.size(); ++i) {
      statement.depth.push_back(statement.path.size());
      statement.path.emplace_back(statement.entry.key[i].name);
      const bool last = i + 1 == statement.entry.key.size();
      if (last && item) {
        const auto index = counts_[statement.path]++;
        statement.path.emplace_back(index);
      } else if (const auto count = counts_.find(statement.path); count != counts_.end()) {
        statement.path.emplace_back(count->second - 1);  // an item's tables are those of the last one
      }
    }
    section_ = statement.path;
    return statement;
  }

  Statement entry_statement() {
    Statement statement;
    statement.path = section_;
    statement.entry = entry();
    for (const auto& part : statement.entry.key) {
      statement.depth.push_back(statement.path.size());
      statement.path.emplace_back(part.name);
    }
    return statement;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TomlPath section_;
  std::map<TomlPath, std::size_t> counts_;  // items of arrays of tables so far
  std::vector<Statement> statements_;
};

}  // namespace

std::vector<Statement> lay_out(std::string_view text) { return Scan(text).run(); }

}  // namespace schedkit
