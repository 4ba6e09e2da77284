#include "core/policy/cgroup_glob.h"

#include <optional>

#include "core/base/text.h"

namespace schedkit {

namespace {

// The segments of a path one after the other; empty ones are passed over.
class Segments {
 public:
  explicit Segments(std::string_view path) : rest_(path) { skip(); }

  bool ended() const { return rest_.empty(); }
  std::string_view first() const { return rest_.substr(0, rest_.find('/')); }
  void advance() {
    rest_.remove_prefix(first().size());
    skip();
  }

 private:
  void skip() {
    while (rest_.starts_with('/')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

}  // namespace

// Going back to the last `**` alone is enough: what an earlier one takes more, the last one could take as well.
bool cgroup_glob_match(std::string_view glob, std::string_view path) {
  Segments pattern(glob);
  Segments text(path);
  std::optional<Segments> after_stars;
  std::optional<Segments> stars_end;
  while (!text.ended()) {
    if (!pattern.ended() && pattern.first() == "**") {
      pattern.advance();
      after_stars = pattern;
      stars_end = text;
    } else if (!pattern.ended() && glob_match(pattern.first(), text.first())) {
      pattern.advance();
      text.advance();
    } else if (after_stars) {
      stars_end->advance();
      pattern = *after_stars;
      text = *stars_end;
    } else {
      return false;
    }
  }
  while (!pattern.ended() && pattern.first() == "**") pattern.advance();
  return pattern.ended();
}

}  // namespace schedkit
