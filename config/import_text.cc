#include "config/import_text.h"

#include "config/write_scheduler.h"
#include "core/base/text.h"
#include "core/base/toml_text.h"

namespace schedkit {

ImportText::ImportText(std::string tool, std::vector<std::string> paths, const ImageOf& image_of)
    : image_of_(image_of) {
  std::vector<std::string> quoted;
  for (const auto& path : paths) quoted.push_back(quote(path));
  head_ = fmt::format("# By `schedctl import {}` from {}.\n", tool, join(quoted, ", "));
}

void ImportText::note(const std::string& path, Place place, std::string text) {
  head_ += fmt::format("# Not the same: {}\n", text);
  notes_.push_back({Errc::unsupported, std::move(text), {path, place.line, place.column}});
}

void ImportText::add(const std::string& path, Place place, Scheduler scheduler) {
  if (const auto image = image_of_(scheduler.name)) {
    scheduler.image = *image;
  } else {
    scheduler.image = "ghcr.io/schedkit/" + scheduler.name;
    note(path, place,
         fmt::format("the catalogue has no image of {}; {} is a guess", quote(scheduler.name), scheduler.image));
  }
  body_ += "\n" + to_toml(scheduler);
}

void ImportText::add_rule(const std::string& name, const std::string& use, const std::string& mode, int priority,
                          const std::string& linger, const std::string& condition) {
  body_ += fmt::format("\n[[rules]]\nname = {}\nuse = {}\n", toml_string(name), toml_string(use));
  if (!mode.empty()) body_ += fmt::format("mode = {}\n", toml_string(mode));
  body_ += fmt::format("priority = {}\n", priority);
  if (!linger.empty()) body_ += fmt::format("linger = {}\n", toml_string(linger));
  if (!condition.empty()) body_ += fmt::format("when.process = {}\n", condition);
}

Imported ImportText::finish(std::string name) && { return {std::move(name), head_ + body_, std::move(notes_)}; }

std::string import_name(std::string_view name) {
  constexpr std::size_t longest = 128;
  std::string allowed;
  for (const char c : name.substr(0, longest)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool fits = letter || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    allowed += fits ? c : '-';
  }
  return allowed.empty() ? "unnamed" : allowed;
}

std::optional<std::string> import_mode(std::string_view word) {
  static const std::vector<std::pair<std::string_view, std::string>> words{
      {"Auto", "auto"},          {"Gaming", "gaming"}, {"PowerSave", "powersave"}, {"LowLatency", "lowlatency"},
      {"Server", "server"},      {"default", "auto"},  {"gaming", "gaming"},       {"power", "powersave"},
      {"latency", "lowlatency"}, {"server", "server"}, {"powersave", "powersave"}, {"lowlatency", "lowlatency"},
      {"auto", "auto"}};
  for (const auto& [theirs, ours] : words) {
    if (theirs == word) return ours;
  }
  return std::nullopt;
}

}  // namespace schedkit
