// Small text helpers. None of them throws, none of them allocates more than its result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

std::string_view trim(std::string_view text);

// Every piece between separators, empty ones included; "" gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

// The part of `path` after its last '/'.
std::string_view base_name(std::string_view path);

// Shell-style pattern over the whole of `text`: '*' any run, '?' one byte, '[a-z]' and '[!a-z]' classes, '\' takes the
// next byte literally. '/' has no special meaning. A '[' without ']' stands for itself. Linear in text × pattern.
bool glob_match(std::string_view pattern, std::string_view text);

// True when `pattern` holds a byte that glob_match treats specially.
bool has_glob(std::string_view pattern);

// "250ms", "5s", "10m", "24h", "2d" or a sum of them like "1m30s"; "0" and "0s" are zero. Negative values, missing
// units and anything beyond 10 years are errors.
Result<Duration> parse_duration(std::string_view text);

// The shortest such text, exact to the millisecond: "1m30s", "250ms", "0s".
std::string format_duration(Duration duration);

// A byte count: "512", "64KiB", "1GiB", "2TiB" (powers of 1024 only; "KB" is refused because nobody agrees on it).
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

// Decimal without sign, spaces or overflow.
Result<std::uint64_t> parse_unsigned(std::string_view text);

// `text` in double quotes with control bytes, quotes and non-ASCII escaped, cut to `limit` bytes with "…": for showing
// foreign text in messages.
std::string quote(std::string_view text, std::size_t limit = 200);

// "a, b, c".
std::string join(const std::vector<std::string>& pieces, std::string_view separator);

}  // namespace schedkit
