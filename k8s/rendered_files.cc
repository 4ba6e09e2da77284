#include "k8s/rendered_files.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr mode_t readable = 0644;

}  // namespace

Result<std::map<std::string, RenderedHeader>> RenderedFiles::list() const {
  std::map<std::string, RenderedHeader> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory_, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (!name.starts_with("k8s-") || !name.ends_with(".toml") || entry->is_symlink()) continue;
    const auto text = read_file(entry->path(), largest_rendered_file);
    if (!text) continue;
    if (auto header = read_header(*text)) files.emplace(name, std::move(*header));
  }
  if (error) return fail_errno(error.value(), directory_);
  return files;
}

Result<std::optional<std::string>> RenderedFiles::read_own(const std::string& name) const {
  auto text = read_file(path(name), largest_rendered_file);
  if (!text && text.error().code == Errc::not_found) return std::nullopt;
  if (!text) return fail(std::move(text.error()));
  if (!read_header(*text)) {
    return fail(Errc::exists, "{} was not written by sked; rename it, or the object in the cluster", path(name));
  }
  return std::optional(std::move(*text));
}

Result<bool> RenderedFiles::write(const std::string& name, const std::string& text) const {
  auto old = read_own(name);
  if (!old) return fail(std::move(old.error()));
  if (*old == text) return false;
  if (auto written = write_file_atomic(path(name), text, readable); !written) return fail(std::move(written.error()));
  return true;
}

Result<bool> RenderedFiles::remove(const std::string& name) const {
  auto old = read_own(name);
  if (!old) return fail(std::move(old.error()));
  if (!*old) return false;
  if (::unlink(path(name).c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "cannot remove " + path(name));
  return true;
}

}  // namespace schedkit
