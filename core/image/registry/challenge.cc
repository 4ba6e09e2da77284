#include "core/image/registry/challenge.h"

#include <algorithm>

namespace schedkit {
namespace {

constexpr std::size_t most_challenges = 16;
constexpr std::size_t most_parameters = 32;

bool is_token_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }

  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (take(' ') || take('\t')) {
    }
  }

  std::string_view token() {
    const auto start = at_;
    while (!at_end() && is_token_byte(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  // nullopt when it has no end.
  std::optional<std::string> quoted() {
    std::string value;
    while (!at_end()) {
      if (take('"')) return value;
      if (take('\\') && at_end()) break;
      value += text_[at_++];
    }
    return std::nullopt;
  }

  void skip_element() {
    while (!at_end() && text_[at_] != ',') {
      if (take('"')) {
        (void)quoted();
      } else {
        ++at_;
      }
    }
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::string> read_value(Reader& reader) {
  reader.skip_space();
  if (reader.take('"')) return reader.quoted();
  const auto token = reader.token();
  return token.empty() ? std::nullopt : std::optional(std::string(token));
}

// One element between commas: "scheme", "scheme name=value" or "name=value".
void read_element(Reader& reader, std::vector<Challenge>& challenges, std::size_t first) {
  std::string_view name = reader.token();
  if (name.empty()) return;
  reader.skip_space();
  if (!reader.take('=')) {
    if (challenges.size() == most_challenges) return;
    challenges.push_back({lower(name), {}});
    name = reader.token();
    reader.skip_space();
    if (name.empty() || !reader.take('=')) return;
  }
  auto value = read_value(reader);
  if (!value || challenges.size() == first || challenges.back().parameters.size() == most_parameters) return;
  challenges.back().parameters.emplace(lower(name), std::move(*value));
}

}  // namespace

std::string_view Challenge::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<Challenge> parse_challenges(const std::vector<std::string_view>& values) {
  std::vector<Challenge> challenges;
  for (const std::string_view value : values) {
    Reader reader(value);
    const std::size_t first = challenges.size();  // parameters belong to a challenge of their own header
    while (!reader.at_end()) {
      reader.skip_space();
      if (reader.take(',')) continue;
      read_element(reader, challenges, first);
      reader.skip_element();
    }
  }
  return challenges;
}

std::optional<Challenge> choose_challenge(const std::vector<Challenge>& challenges) {
  const auto found = std::ranges::find_if(challenges, [](const Challenge& challenge) {
    return challenge.scheme == "bearer" || challenge.scheme == "basic";
  });
  return found == challenges.end() ? std::nullopt : std::optional(*found);
}

}  // namespace schedkit
