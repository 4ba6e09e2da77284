#include "core/base/text.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace schedkit {

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const auto end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

namespace {

// Matches one "[...]" at pattern[at] against `byte` and moves `at` behind it; nullopt when there is no closing bracket.
std::optional<bool> match_class(std::string_view pattern, std::size_t& at, unsigned char byte) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) {
      at = i + 1;
      return found != negated;
    }
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    if (low <= byte && byte <= high) found = true;
    ++i;
  }
  return std::nullopt;
}

// Whether the pattern's unit at `at` takes `byte`; moves `at` behind that unit.
bool match_one(std::string_view pattern, std::size_t& at, char byte) {
  if (pattern[at] == '?') {
    ++at;
    return true;
  }
  if (pattern[at] == '[') {
    if (auto matched = match_class(pattern, at, static_cast<unsigned char>(byte))) return *matched;
  } else if (pattern[at] == '\\' && at + 1 < pattern.size()) {
    ++at;
  }
  return pattern[at++] == byte;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    std::size_t next = p;
    if (p < pattern.size() && match_one(pattern, next, text[t])) {
      p = next;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star + 1;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool has_glob(std::string_view pattern) { return pattern.find_first_of("*?[\\") != std::string_view::npos; }

Result<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(Errc::invalid, "{} is not a whole number", quote(text, 40));
  }
  return value;
}

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::uint64_t longest_ms = 3650ULL * 86'400'000;
constexpr std::array<Unit, 5> size_units{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const auto& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

constexpr std::string_view digits = "0123456789";

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto refuse = [&] {
    return fail(Errc::invalid, "{} is not a duration; write it like \"500ms\", \"10s\", \"5m\", \"24h\"",
                quote(text, 40));
  };
  if (text == "0") return Duration::zero();
  if (text.empty()) return refuse();
  std::uint64_t total = 0;
  std::uint64_t last_factor = std::numeric_limits<std::uint64_t>::max();
  for (std::string_view rest = text; !rest.empty();) {
    const auto number_end = rest.find_first_not_of(digits);
    if (number_end == 0 || number_end == std::string_view::npos) return refuse();
    const auto number = parse_unsigned(rest.substr(0, number_end));
    rest.remove_prefix(number_end);
    const auto unit_end = rest.find_first_of(digits);
    const Unit* unit = find_unit(duration_units, rest.substr(0, unit_end));
    if (!number || unit == nullptr || unit->factor >= last_factor) return refuse();
    if (*number > longest_ms / unit->factor || (total += *number * unit->factor) > longest_ms) {
      return fail(Errc::limit, "{} is longer than 10 years", quote(text, 40));
    }
    last_factor = unit->factor;
    rest.remove_prefix(std::min(unit_end, rest.size()));
  }
  return Duration(std::chrono::milliseconds(total));
}

std::string format_duration(Duration duration) {
  auto rest = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
  if (rest == 0) return "0s";
  std::string text;
  for (const auto& unit : duration_units) {
    if (rest >= unit.factor) text += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return text;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto number_end = text.find_first_not_of(digits);
  const auto number = parse_unsigned(text.substr(0, number_end));
  const std::string_view name = number_end == std::string_view::npos ? "B" : text.substr(number_end);
  const Unit* unit = find_unit(size_units, name);
  if (!number || unit == nullptr) {
    return fail(Errc::invalid, "{} is not a size; write it like \"512MiB\" or \"1GiB\"", quote(text, 40));
  }
  if (*number > std::numeric_limits<std::int64_t>::max() / unit->factor) {
    return fail(Errc::limit, "{} is too large", quote(text, 40));
  }
  return *number * unit->factor;
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& unit : size_units) {
    if (unit.factor > 1 && bytes >= unit.factor) {
      return fmt::format("{:.4g} {}", static_cast<double>(bytes) / static_cast<double>(unit.factor), unit.name);
    }
  }
  return fmt::format("{} B", bytes);
}

std::string quote(std::string_view text, std::size_t limit) {
  std::string quoted = "\"";
  const bool cut = text.size() > limit;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + (cut ? "…\"" : "\"");
}

std::string join(const std::vector<std::string>& pieces, std::string_view separator) {
  return fmt::format("{}", fmt::join(pieces, separator));
}

}  // namespace schedkit
