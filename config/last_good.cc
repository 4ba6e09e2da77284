#include "config/last_good.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "config/schema.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::array layers{PolicyLayer::vendor, PolicyLayer::runtime, PolicyLayer::cluster, PolicyLayer::admin};
constexpr std::string_view magic = "schedkit-last-good 1 ";
constexpr std::size_t largest_copy = 64 * largest_policy_file;  // borrowed schedulers come on top of a file's text

std::string encode(const LastGood::Version& version) {
  return fmt::format("{}{} {}\n{}{}", magic, version.text.size(), version.borrowed.size(), version.text,
                     version.borrowed);
}

Result<LastGood::Version> decode(std::string_view copy) {
  const auto refuse = [] { return fail(Errc::integrity, "a damaged copy of a policy file; it is not used"); };
  const auto line_end = copy.find('\n');
  if (!copy.starts_with(magic) || line_end == std::string_view::npos) return refuse();
  const auto sizes = split(copy.substr(magic.size(), line_end - magic.size()), ' ');
  if (sizes.size() != 2) return refuse();
  const auto text = parse_unsigned(sizes[0]);
  const auto borrowed = parse_unsigned(sizes[1]);
  copy.remove_prefix(line_end + 1);
  if (!text || !borrowed || *text > copy.size() || copy.size() - *text != *borrowed) return refuse();
  return LastGood::Version{std::string(copy.substr(0, *text)), std::string(copy.substr(*text))};
}

std::vector<std::string> names_in(const std::string& directory, std::vector<Error>& problems) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    if (errno != ENOENT) problems.push_back(fail_errno(errno, "cannot list " + directory).value());
    return names;
  }
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".toml") && !name.starts_with('.')) names.emplace_back(name);
  }
  return names;
}

}  // namespace

std::string LastGood::path_of(const Name& name) const {
  return fmt::format("{}/{}/{}", directory_, to_string(name.first), name.second);
}

LastGood LastGood::open(std::string directory, std::vector<Error>& problems) {
  LastGood last_good;
  last_good.directory_ = std::move(directory);
  for (const auto layer : layers) {
    const auto folder = fmt::format("{}/{}", last_good.directory_, to_string(layer));
    for (const auto& file : names_in(folder, problems)) {
      const Name name{layer, file};
      const auto path = last_good.path_of(name);
      auto copy = read_file(path, largest_copy);
      auto version = copy ? decode(*copy) : Result<Version>(fail(copy.error()));
      if (!version) {
        version.error().where.file = path;
        problems.push_back(std::move(version.error()));
        continue;
      }
      last_good.stored_[name] = *version;
      last_good.versions_[name] = std::move(*version);
    }
  }
  return last_good;
}

const LastGood::Version* LastGood::find(const Name& name) const {
  const auto found = versions_.find(name);
  return found == versions_.end() ? nullptr : &found->second;
}

Result<void> LastGood::keep(const Name& name, Version version) {
  auto& kept = versions_[name];
  kept = std::move(version);
  const auto stored = stored_.find(name);
  if (directory_.empty() || (stored != stored_.end() && stored->second == kept)) return {};
  const auto path = path_of(name);
  if (auto made = make_directories(path.substr(0, path.rfind('/')), 0700); !made) return made;
  if (auto written = write_file_atomic(path, encode(kept), 0600); !written) return written;
  stored_[name] = kept;
  return {};
}

Result<void> LastGood::forget(const Name& name) {
  versions_.erase(name);
  if (directory_.empty() || stored_.count(name) == 0) return {};
  const auto path = path_of(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "cannot remove " + path);
  stored_.erase(name);
  return {};
}

}  // namespace schedkit
