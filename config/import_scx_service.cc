#include <map>

#include "config/import.h"
#include "config/import_text.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

struct Variable {
  std::string value;
  Place place;
};

// Reads like systemd: NAME=VALUE a line, '#' and ';' begin comments, quotes may be around parts of a value, '\' takes
// the next character, and the next line too.
class EnvironmentFile {
 public:
  explicit EnvironmentFile(const ImportSource& source) : source_(source), text_(source.text) {}

  Result<std::map<std::string, Variable>> read() {
    std::map<std::string, Variable> variables;
    while (at_ < text_.size()) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
      if (at_ == text_.size()) break;
      if (text_[at_] == '\n' || text_[at_] == '#' || text_[at_] == ';') {
        skip_line();
        continue;
      }
      const Place place{line_, static_cast<std::uint32_t>(at_ - line_begin_ + 1)};
      const auto equals = text_.find_first_of("=\n", at_);
      if (equals == std::string_view::npos || text_[equals] == '\n') {
        return fail(Error{Errc::invalid, "this line is no NAME=VALUE", {source_.path, place.line, place.column}});
      }
      const std::string name(trim(text_.substr(at_, equals - at_)));
      at_ = equals + 1;
      auto value = read_value(place);
      if (!value) return fail(std::move(value.error()));
      variables[name] = {std::move(*value), place};
    }
    return variables;
  }

 private:
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    next_line();
  }
  void next_line() {
    if (at_ < text_.size()) ++at_;
    ++line_;
    line_begin_ = at_;
  }

  Result<std::string> read_value(Place place) {
    std::string value;
    char quote = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n' && quote == 0) break;
      if (c == '\\' && quote != '\'' && at_ + 1 < text_.size()) {
        ++at_;
        if (text_[at_] == '\n') ++line_;
        if (text_[at_] != '\n') value += text_[at_];
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      } else {
        if (c == '\n') ++line_;
        value += c;
      }
    }
    if (quote != 0) {
      return fail(Error{Errc::invalid, "a quote is not closed", {source_.path, place.line, place.column}});
    }
    next_line();
    return std::string(trim(value));
  }

  const ImportSource& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::size_t line_begin_ = 0;
};

// The unit's shell splits at white space and knows no quotes.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> all;
  std::string word;
  for (const char c : text + ' ') {
    if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      all.push_back(std::exchange(word, {}));
    }
  }
  return all;
}

}  // namespace

Result<Imported> import_scx_service(const ImportSource& source, const ImageOf& image_of) {
  auto variables = EnvironmentFile(source).read();
  if (!variables) return fail(std::move(variables.error()));
  ImportText out("scx-service", {source.path}, image_of);
  const auto& scheduler = (*variables)["SCX_SCHEDULER"];
  if (scheduler.value.empty()) {
    return fail(Error{Errc::invalid, "SCX_SCHEDULER is not set; without it scx.service starts nothing", {source.path}});
  }
  for (const auto& [name, variable] : *variables) {
    if (name == "SCX_SCHEDULER" || name == "SCX_FLAGS") continue;
    out.note(source.path, variable.place, fmt::format("{} has no counterpart", quote(name, 64)));
  }
  const std::string name = import_name(base_name(scheduler.value));
  out.add(source.path, scheduler.place, Scheduler{.name = name, .args = words((*variables)["SCX_FLAGS"].value)});
  out.add_rule("always", name, "", 0, "", "");
  return std::move(out).finish("scx-service.toml");
}

}  // namespace schedkit
