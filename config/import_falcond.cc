#include <map>
#include <set>

#include "config/import.h"
#include "config/import_text.h"
#include "core/base/text.h"
#include "core/base/toml_text.h"

namespace schedkit {

namespace {

constexpr std::size_t longest_comm = 15;  // bytes of a process' name that the kernel keeps
constexpr const char* grace = "3s";       // for which falcond keeps a profile after the game's end
constexpr std::string_view any_proton = "proton";

struct Value {
  std::string text;
  Place place;
};
using Keys = std::map<std::string, Value>;

// `key = value` lines; '#' begins a comment outside of quotes, values may be in double quotes.
Result<Keys> read_keys(const ImportSource& source) {
  Keys keys;
  std::uint32_t number = 0;
  for (const auto raw : split(source.text, '\n')) {
    ++number;
    bool quoted = false;
    std::size_t end = 0;
    while (end < raw.size() && (quoted || raw[end] != '#')) quoted ^= raw[end++] == '"';
    const auto line = trim(raw.substr(0, end));
    if (line.empty()) continue;
    const Place place{number, static_cast<std::uint32_t>(line.data() - raw.data() + 1)};
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || quoted) {
      return fail(Error{Errc::invalid,
                        quoted ? "a quote is not closed" : "this line is no `key = value`",
                        {source.path, place.line, place.column}});
    }
    auto value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    keys[std::string(trim(line.substr(0, equals)))] = {std::string(value), place};
  }
  return keys;
}

std::string glob_literal(std::string_view text) {
  std::string glob;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') glob += '\\';
    glob += c;
  }
  return glob;
}

// As the process is called, whole and as the kernel cuts it off.
std::string condition_of(const std::string& name) {
  if (name == any_proton) return "{ comm = \"*.exe\" }";
  std::string names = toml_string(glob_literal(name));
  if (name.size() > longest_comm) names += ", " + toml_string(glob_literal(name.substr(0, longest_comm)));
  return fmt::format("{{ comm = [{}] }}", names);
}

struct GameProfile {
  std::string path;
  Keys keys;

  std::string get(const std::string& key) const {
    const auto found = keys.find(key);
    return found == keys.end() ? "" : found->second.text;
  }
  Place place(const std::string& key) const {
    const auto found = keys.find(key);
    return found == keys.end() ? Place{} : found->second.place;
  }
};

bool says_something(const std::string& value) {
  return !value.empty() && value != "none" && value != "false" && value != "default";
}

// The profile's rule; false when it asks for no scheduler.
bool add_rule(const GameProfile& profile, ImportText& out, std::set<std::string>& names) {
  const auto name = profile.get("name");
  const auto rule = import_name(name);
  const auto scheduler = profile.get("scx_sched");
  for (const auto& [key, value] : profile.keys) {
    if (key == "name" || key == "scx_sched" || key == "scx_sched_props" || !says_something(value.text)) continue;
    out.note(profile.path, value.place,
             fmt::format("{} = {} of {} has no counterpart", key, quote(value.text, 64), quote(name, 64)));
  }
  if (!says_something(scheduler)) {
    out.note(profile.path, profile.place("name"), fmt::format("{} asks for no scheduler: no rule", quote(name, 64)));
    return false;
  }
  if (!names.insert(rule).second) {
    out.note(profile.path, profile.place("name"),
             fmt::format("{} has a profile already: the first counts", quote(name, 64)));
    return false;
  }
  if (const auto props = profile.get("scx_sched_props"); says_something(props)) {
    out.note(profile.path, profile.place("scx_sched_props"),
             fmt::format("the arguments of mode {} of {} are scx_loader's and not in this file; give them as args",
                         import_mode(props).value_or(props), scheduler));
  }
  if (name == any_proton) {
    out.note(profile.path, profile.place("name"),
             "falcond finds any game under Proton by its parents; the rule takes any process *.exe");
  }
  out.add_rule(rule, import_name("scx_" + scheduler), "", name == any_proton ? 50 : 100, grace, condition_of(name));
  return true;
}

}  // namespace

Result<Imported> import_falcond(const std::vector<ImportSource>& sources, const ImageOf& image_of) {
  std::vector<std::string> paths;
  std::vector<GameProfile> profiles;
  for (const auto& source : sources) {
    auto keys = read_keys(source);
    if (!keys) return fail(std::move(keys.error()));
    paths.push_back(source.path);
    profiles.push_back({source.path, std::move(*keys)});
  }
  ImportText out("falcond", paths, image_of);
  std::set<std::string> names;
  std::map<std::string, const GameProfile*> schedulers;
  for (const auto& profile : profiles) {
    if (!profile.keys.contains("name")) {  // falcond's own configuration
      for (const auto& [key, value] : profile.keys) {
        if (says_something(value.text)) {
          out.note(profile.path, value.place, fmt::format("{} of falcond itself has no counterpart", quote(key, 64)));
        }
      }
    } else if (add_rule(profile, out, names)) {
      schedulers.emplace(import_name("scx_" + profile.get("scx_sched")), &profile);
    }
  }
  if (names.empty())
    return fail(Errc::not_found, "none of {} is a profile that asks for a scheduler", join(paths, ", "));
  if (names.size() > 1) {
    out.note(paths.front(), {},
             "of two games falcond keeps the profile of the first; here the one that was started later wins");
  }
  for (const auto& [scheduler, profile] : schedulers) {
    out.add(profile->path, profile->place("scx_sched"), Scheduler{.name = scheduler});
  }
  return std::move(out).finish("falcond.toml");
}

}  // namespace schedkit
