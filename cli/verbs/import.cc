#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/verbs/catalog.h"
#include "cli/verbs/verb.h"
#include "config/import.h"
#include "core/base/file.h"

namespace schedkit {

namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

struct Options {
  std::string tool;
  std::vector<std::string> files;
  std::string directory;
  bool force = false;
};

// Directories stand for their *.conf and *.toml, in the order of their names.
Result<std::vector<std::string>> expand(const std::vector<std::string>& names) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  for (const auto& name : names) {
    std::error_code error;
    if (!fs::is_directory(name, error)) {
      paths.push_back(name);
      continue;
    }
    std::vector<std::string> found;
    for (auto entry = fs::recursive_directory_iterator(name, error); !error && entry != fs::end(entry);
         entry.increment(error)) {
      const auto extension = entry->path().extension();
      if (extension == ".conf" || extension == ".toml") found.push_back(entry->path().string());
    }
    if (error) return fail_errno(error.value(), "cannot read " + name);
    std::ranges::sort(found);
    paths.insert(paths.end(), found.begin(), found.end());
  }
  return paths;
}

Result<std::vector<ImportSource>> read_sources(const Options& options) {
  const auto paths = expand(options.files);
  if (!paths) return fail(paths.error());
  if (paths->empty()) return fail(Errc::not_found, "there is nothing to import in {}", fmt::join(options.files, ", "));
  if (paths->size() > 1 && options.tool != "falcond") {
    return fail(Errc::invalid, "{} reads one file, not {}", options.tool, paths->size());
  }
  std::vector<ImportSource> sources;
  for (const auto& path : *paths) {
    auto text = read_file(path, largest_file);
    if (!text) return fail(std::move(text.error()));
    sources.push_back({path, std::move(*text)});
  }
  return sources;
}

Result<Imported> import_from(const Options& options) {
  const auto sources = read_sources(options);
  if (!sources) return fail(sources.error());
  const auto catalog = load_catalog();
  if (!catalog) complain("images are guessed: " + catalog.error().describe());
  const ImageOf image_of = [&](const std::string& scheduler) -> std::optional<std::string> {
    if (!catalog || !catalog->contains(scheduler)) return std::nullopt;
    return catalog->at(scheduler);
  };
  if (options.tool == "scx-loader") return import_scx_loader(sources->front(), image_of);
  if (options.tool == "scx-service") return import_scx_service(sources->front(), image_of);
  return import_falcond(*sources, image_of);
}

int import(const Options& options) {
  const auto imported = import_from(options);
  if (!imported) {
    complain(imported.error().describe());
    return exit_failed;
  }
  for (const auto& note : imported->notes) complain(note.describe());
  if (options.directory.empty()) return print(imported->text) ? exit_done : exit_failed;
  const std::string path = options.directory + "/" + imported->name;
  if (!options.force && ::access(path.c_str(), F_OK) == 0) {
    complain(path + " is there already; --force replaces it");
    return exit_failed;
  }
  if (auto written = write_file_atomic(path, imported->text); !written) {
    complain(written.error().describe());
    return exit_failed;
  }
  return print(path + "\n") ? exit_done : exit_failed;
}

}  // namespace

void add_import(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("import", "Write policy files from the configuration of other tools");
  auto options = std::make_shared<Options>();  // CLI11 keeps references to it as long as the callback lives
  verb->add_option("tool", options->tool, "scx-loader, scx-service or falcond")
      ->required()
      ->check(CLI::IsMember({"scx-loader", "scx-service", "falcond"}))
      ->type_name("TOOL");
  verb->add_option("files", options->files, "What it is configured with; of falcond also directories of profiles")
      ->required()
      ->type_name("FILE");
  verb->add_option("-d,--directory", options->directory, "Write to DIR/TOOL.toml instead of standard output")
      ->type_name("DIR");
  verb->add_flag("--force", options->force, "Replace that file if it is there");
  verb->footer(
      "What has no counterpart is said on standard error and in comments.\n\nExamples:\n"
      "  schedctl import scx-loader /etc/scx_loader.toml\n  schedctl import scx-service /etc/default/scx\n"
      "  schedctl import falcond /usr/share/falcond/profiles -d /etc/schedkit");
  verb->callback([&session, options] { session.action = [options] { return import(*options); }; });
}

}  // namespace schedkit
