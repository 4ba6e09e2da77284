#include "config/check_files.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <set>

#include "config/load.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

std::string line_of(const Error& error, std::string_view kind, const std::string& path) {
  const auto& where = error.where;
  const auto& file = where.file.empty() ? path : where.file;
  if (where.line == 0) return fmt::format("{}: {}: {}\n", file, kind, error.text);
  return fmt::format("{}:{}:{}: {}: {}\n", file, where.line, where.column, kind, error.text);
}

std::string real_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(directory.c_str(), nullptr), ::free);
  return real ? std::string(real.get()) : directory;
}

PolicyLayer layer_of(const std::string& path, const Directories& directories) {
  const auto directory = real_directory_of(path);
  for (const auto layer : {PolicyLayer::vendor, PolicyLayer::runtime, PolicyLayer::cluster}) {
    if (directory == directories.of(layer)) return layer;
  }
  return PolicyLayer::admin;
}

FoundFile read_given(const std::string& path, PolicyLayer layer) {
  auto file = read_found(layer, path);
  if (file.text && (!file.name.ends_with(".toml") || file.name.starts_with('.') || file.name.starts_with('#'))) {
    file.text = fail({Errc::invalid, "the daemon reads only files named NAME.toml; rename it", {file.path, 0, 0}});
  }
  return file;
}

}  // namespace

std::size_t CheckReport::errors() const {
  std::size_t count = report.problems.size();
  for (const auto& file : report.files) count += file.errors.size();
  return count;
}

std::size_t CheckReport::warnings() const {
  std::size_t count = 0;
  for (const auto& file : report.files) count += file.warnings.size();
  return count;
}

bool CheckReport::ok() const { return errors() == 0; }

std::string CheckReport::text() const {
  std::string text;
  for (const auto& problem : report.problems) text += line_of(problem, "error", "schedkit");
  for (const auto& file : report.files) {
    for (const auto& error : file.errors) text += line_of(error, "error", file.path);
    for (const auto& warning : file.warnings) text += line_of(warning, "warning", file.path);
  }
  return text;
}

CheckReport check_directories(const Directories& directories) {
  LastGood nothing;
  auto loaded = load_policy(directories, nothing);
  return {std::move(loaded.report), std::move(loaded.policy)};
}

namespace {

// The files at `paths` beside those in `found`.
CheckReport check_given(const std::vector<std::string>& paths, const Directories& directories, FoundFiles found) {
  std::set<LastGood::Name> given;
  std::set<std::string> shown;
  for (const auto& path : paths) {
    auto file = read_given(path, layer_of(path, directories));
    if (!given.insert({file.layer, file.name}).second) {
      found.problems.push_back(
          {Errc::exists,
           fmt::format("{} is given twice; check files of the same name one at a time", quote(file.name)),
           {path, 0, 0}});
      continue;
    }
    std::erase_if(found.files, [&](const auto& other) { return other.layer == file.layer && other.name == file.name; });
    shown.insert(file.path);
    found.files.push_back(std::move(file));
  }
  LastGood nothing;
  auto loaded = load_found(std::move(found), directories, nothing);
  CheckReport checked{std::move(loaded.report), std::move(loaded.policy)};
  std::erase_if(checked.report.files, [&](const auto& file) { return shown.count(file.path) == 0; });
  return checked;
}

}  // namespace

CheckReport check_alone(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::error_code none;
    if (!std::filesystem::is_directory(path, none)) files.push_back(path);
    for (const auto& entry : std::filesystem::directory_iterator(path, none)) {
      if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
  }
  return check_given(files, Directories::under("/nonexistent"), FoundFiles{});
}

CheckReport check_files(const std::vector<std::string>& paths, const Directories& directories) {
  auto found = find_files(directories);
  found.problems.clear();  // of other files
  return check_given(paths, directories, std::move(found));
}

}  // namespace schedkit
