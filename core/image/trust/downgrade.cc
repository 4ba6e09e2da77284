#include "core/image/trust/downgrade.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/rfc3339.h"

namespace schedkit {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Cuts the longest run of digits (or of anything else) off the front of `text`.
std::string_view take_run(std::string_view& text, bool digits) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end]) == digits) ++end;
  const std::string_view run = text.substr(0, end);
  text.remove_prefix(end);
  return run;
}

// Of any length: the longer one without leading zeros is greater.
int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

// The end of a version is greater than the "-" of a pre-release, and less than anything else that follows.
int compare_words(std::string_view a, std::string_view b) {
  if (a.empty() != b.empty()) {
    const bool pre_release = (a.empty() ? b : a).starts_with('-');
    return a.empty() == pre_release ? 1 : -1;
  }
  return a.compare(b);
}

template <class T>
Movement movement(const T& known, const T& offered) {
  return offered < known ? Movement::older : known < offered ? Movement::newer : Movement::unknown;
}

std::string age_text(const ImageAge& age) {
  std::string text = age.version.empty() ? "no version" : "version " + quote(age.version, 64);
  if (age.created) text += ", created " + format_rfc3339(*age.created);
  if (age.signed_at) text += ", signed " + format_rfc3339(*age.signed_at);
  return text;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  if (a.starts_with('v')) a.remove_prefix(1);
  if (b.starts_with('v')) b.remove_prefix(1);
  // Build metadata says nothing about precedence (semver.org, 10).
  a = a.substr(0, a.find('+'));
  b = b.substr(0, b.find('+'));
  while (!a.empty() || !b.empty()) {
    if (const int numbers = compare_numbers(take_run(a, true), take_run(b, true)); numbers != 0) return numbers;
    if (const int words = compare_words(take_run(a, false), take_run(b, false)); words != 0) return words;
  }
  return 0;
}

ImageAge make_age(std::string version, std::string_view created) {
  constexpr std::int64_t day = 24 * 60 * 60;
  ImageAge age{.version = std::move(version)};
  if (const auto time = parse_rfc3339(created); time && *time > day) age.created = *time;
  return age;
}

Movement compare_age(const ImageAge& known, const ImageAge& offered) {
  if (!known.version.empty() && !offered.version.empty()) {
    const int order = compare_versions(known.version, offered.version);
    if (order != 0) return order < 0 ? Movement::newer : Movement::older;
  }
  if (known.created && offered.created && known.created != offered.created) {
    return movement(*known.created, *offered.created);
  }
  if (known.signed_at && offered.signed_at) return movement(*known.signed_at, *offered.signed_at);
  return Movement::unknown;
}

Result<Movement> check_downgrade(const TrustRecord& known, std::string_view digest, const ImageAge& offered,
                                 bool allowed) {
  if (known.digest == digest) return Movement::same;
  const Movement moved = compare_age(known.age, offered);
  if (moved != Movement::older || allowed) return moved;
  return fail(Errc::denied,
              "{} names an older image than before: {} ({}) instead of {} ({}); if that is wanted, pull it with "
              "--allow-downgrade",
              known.reference, digest, age_text(offered), known.digest, age_text(known.age));
}

}  // namespace schedkit
