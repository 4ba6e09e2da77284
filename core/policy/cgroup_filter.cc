#include "core/policy/cgroup_filter.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::string_view any_segments = "**";

std::vector<std::string_view> segments(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return {};
  return split(path, '/');
}

// Which segments of a glob may come next after some of a path's: entry i is glob segment i, the last one its end.
class Places {
 public:
  explicit Places(std::vector<std::string_view> glob) : glob_(std::move(glob)), reached_(glob_.size() + 1) {
    reached_[0] = true;
    skip();
  }

  void advance(std::string_view segment) {
    std::vector<bool> next(reached_.size());
    for (std::size_t i = 0; i < glob_.size(); ++i) {
      if (!reached_[i]) continue;
      if (glob_[i] == any_segments) {
        next[i] = true;
      } else if (glob_match(glob_[i], segment)) {
        next[i + 1] = true;
      }
    }
    reached_ = std::move(next);
    skip();
  }

  // Something of the glob is left to match.
  bool before_end() const { return std::find(reached_.begin(), reached_.end() - 1, true) != reached_.end() - 1; }

 private:
  void skip() {
    for (std::size_t i = 0; i < glob_.size(); ++i) {
      if (reached_[i] && glob_[i] == any_segments) reached_[i + 1] = true;
    }
  }

  std::vector<std::string_view> glob_;
  std::vector<bool> reached_;
};

Places after(std::string_view glob, std::string_view path) {
  Places places(segments(glob));
  for (const auto segment : segments(path)) places.advance(segment);
  return places;
}

// The part before the first byte with a meaning of its own.
std::string_view literal_prefix(std::string_view glob) {
  return glob.substr(0, std::min({glob.find_first_of("*?[\\"), glob.size(), longest_cgroup_prefix}));
}

// Of a glob with `**` the last segment tells more than what precedes it: "/user.slice/**/app-game-*.scope".
bool better_by_name(std::string_view glob) {
  const auto parts = segments(glob);
  return !parts.empty() && parts.back() != any_segments && !literal_prefix(parts.back()).empty() &&
         std::ranges::find(parts, any_segments) != parts.end();
}

}  // namespace

bool cgroup_glob_enters(std::string_view glob, std::string_view path) { return after(glob, path).before_end(); }

bool CgroupFilter::admits(std::string_view path) const {
  const auto begins = [](std::string_view text) {
    return [text](const std::string& prefix) { return text.starts_with(prefix); };
  };
  return std::ranges::any_of(paths, begins(path)) || std::ranges::any_of(names, begins(base_name(path)));
}

CgroupFilter cgroup_filter(const std::set<std::string>& globs) {
  CgroupFilter filter;
  for (const auto& glob : globs) {
    if (better_by_name(glob)) {
      filter.names.emplace(literal_prefix(base_name(glob)));
      continue;
    }
    // "/a/**" is "/a" as well.
    std::string_view prefix = literal_prefix(glob);
    if (glob.substr(prefix.size()).starts_with(any_segments) && prefix.ends_with('/')) prefix.remove_suffix(1);
    if (prefix.size() <= 1) {
      prefix = "/";
      filter.wide_because.push_back("the kernel cannot filter by the pattern " + quote(glob));
    }
    filter.paths.emplace(prefix);
  }
  if (filter.paths.size() > most_cgroup_prefixes || filter.names.size() > most_cgroup_prefixes) {
    filter = {.paths = {"/"}, .wide_because = {fmt::format("more than {} patterns", most_cgroup_prefixes)}};
  }
  return filter;
}

}  // namespace schedkit
